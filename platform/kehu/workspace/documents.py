"""GraphQL documents that the operator trusts: what a server may be asked by name or by hash."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.workspace.texts import read_texts

DOCUMENT_MODES = ("off", "also", "only")


def read_documents(path: Path) -> dict[str, str]:
    """Each document by its id and by the SHA-256 of its text, in hexadecimal.

    A folder's files `*.graphql` are documents called as they are; a JSON file is a manifest: {"id": "text"}, or
    Apollo's with its `operations`. Raises RefusedError with everything wrong with it.
    """
    if path.is_dir():
        files = {file.stem: file for file in sorted(path.glob("*.graphql"))}
        texts = read_texts({str(file): file for file in files.values()})
        named = {name: texts[str(file)] for name, file in files.items()}
    elif path.is_file():
        named = _in_manifest(path)
    else:
        remedy = "make a folder of *.graphql files, or a manifest in JSON, or switch 'trusted_documents' off"
        raise RefusedError([Problem(Place(str(path)), "no-documents", "there are no trusted documents here", remedy)])
    return {**{digest_of(text): text for text in named.values()}, **named}


def shown_document(path: Path, name: str) -> str:
    """Where the document of that name stands, as people look for it: its file, or its entry in the manifest."""
    return str(path / f"{name}.graphql") if path.is_dir() else f"{path}#{name}"


def digest_of(text: str) -> str:
    """SHA-256 of a document's text as it is sent, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _in_manifest(path: Path) -> dict[str, str]:
    remedy = 'write {"id": "text of the document"}, or Apollo\'s manifest'
    try:
        written = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        said = f"not readable as JSON: {error.msg}"
        raise RefusedError([Problem(Place(str(path), error.lineno, error.colno), "manifest", said, remedy)]) from error
    entries = _entries(written)
    refuse_errors(
        Problem(Place(str(path)), "manifest", f"the entry {key!r} is no document", remedy)
        for key, text in entries.items()
        if not isinstance(text, str)
    )
    return {str(key): str(text) for key, text in entries.items()}


def _entries(written: Any) -> Mapping[str, Any]:
    if isinstance(written, dict) and isinstance(written.get("operations"), list):
        found = [each if isinstance(each, dict) else {} for each in written["operations"]]
        return {str(each.get("id", place)): each.get("body") for place, each in enumerate(found)}
    return written if isinstance(written, dict) else {"": written}
