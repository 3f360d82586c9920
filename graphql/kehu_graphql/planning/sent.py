"""A query as a client sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kehu_graphql.variables import holds_too_many

_KNOWN = {"query", "variables", "operationName"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A document, the operation named in it, and its variables as they were written."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


def sent_query(body: bytes) -> Sent | None:
    """None for a body that is anything but a query, perhaps with a name and variables, not too many."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(sent, dict) or not sent.keys() <= _KNOWN:
        return None
    query, name, variables = sent.get("query"), sent.get("operationName"), sent.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict) or not (name is None or isinstance(name, str)):
        return None
    return None if holds_too_many(variables) else Sent(query, name, variables)
