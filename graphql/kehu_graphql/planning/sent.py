"""A query as a client sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kehu_graphql.variables import holds_too_many

_KNOWN = {"query", "variables", "operationName", "extensions"}
_IN_JSON = ("variables", "extensions")


@dataclass(frozen=True, slots=True)
class Sent:
    """A document, the operation named in it, and its variables as they were written."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


def read_body(body: bytes) -> Any:
    """What a body says; None for one that is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def read_address(given: Mapping[str, str]) -> Any:
    """What an address asks for by its parameters; None where some of them is no JSON that should be."""
    try:
        return {name: orjson.loads(text) if name in _IN_JSON else text for name, text in given.items()}
    except orjson.JSONDecodeError:
        return None


def sent_query(written: Any) -> Sent | None:
    """None for anything but a query, perhaps with a name, variables, not too many, and extensions."""
    if not isinstance(written, dict) or not written.keys() <= _KNOWN:
        return None
    return named_query(written, written.get("query"))


def named_query(written: Mapping[str, Any], query: Any) -> Sent | None:
    """The query with what was written beside it; None where that is anything unusual."""
    name, variables, extensions = (written.get(each) for each in ("operationName", "variables", "extensions"))
    if not isinstance(query, str) or not isinstance(name, str | None):
        return None
    if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
        return None
    return None if holds_too_many(variables) else Sent(query, name, variables or {})
