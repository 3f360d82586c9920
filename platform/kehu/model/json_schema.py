"""Fragments of JSON Schema (draft 2020-12) that the schemas of YAML files are made of."""

from collections.abc import Iterable, Mapping
from typing import Any

Fragment = Mapping[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Files are read with their scalars as written, so that a text may look like a number or a truth to other readers.
SCALAR: Fragment = {"type": ["string", "number", "boolean"]}
CODE: Fragment = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
INSTANT: Fragment = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$",
    "description": "an instant with its offset, 2024-06-30T08:00:00+08:00",
}


def document(title: str, body: Fragment) -> Fragment:
    """A whole schema."""
    return {"$schema": DRAFT, "title": title, **body}


def mapping(properties: Mapping[str, Fragment], required: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    """An object of these keys and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def items(each: Fragment, **more: Any) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": each, **more}


def one_or_more(each: Fragment) -> dict[str, Any]:
    """The thing itself, or a list of such things."""
    return {"anyOf": [each, items(each)]}


def words(choices: Iterable[object]) -> dict[str, Any]:
    """One of a few words."""
    return {"enum": list(choices)}


def suggested(choices: Iterable[str]) -> dict[str, Any]:
    """Any text; an editor offers the choices."""
    return {"anyOf": [words(choices), {"type": "string"}]}


def said(fragment: Fragment, description: str) -> dict[str, Any]:
    """The fragment with what an editor shows beside it."""
    return {**fragment, "description": description}


def label(what: str) -> dict[str, Any]:
    """A text in English and Chinese."""
    return said(mapping({"en": SCALAR, "zh": SCALAR}, ("en", "zh")), what)
