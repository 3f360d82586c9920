"""Values of rows as answers show them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kehu.model.graph import SATISFACTION_DIMENSIONS
from kehu_graphql.nodes import node_id
from kehu_graphql.scalars import money

_INT32 = range(-(2**31), 2**31)


class NotPlannedError(Exception):
    """Only resolvers can answer the query: it asks for something that plans do not have, or finds a wrong value."""


def int32(value: int) -> int:
    """NotPlannedError for a number that GraphQL's Int does not hold: resolvers say so."""
    if value not in _INT32:
        raise NotPlannedError(str(value))
    return value


def named(kind: str) -> Callable[[Any], str]:
    """The node id of a key of that type."""

    def shown(key: Any) -> str:
        return node_id(kind, key)

    return shown


def amount(values: Sequence[Any]) -> Mapping[str, Any] | None:
    """Of minor units and a currency; None for an unknown amount."""
    minor, currency = values
    made = money(minor, currency)
    if made is None:
        return None
    return {"amountMinor": str(minor), "currency": currency, "amount": made.amount}


def scores(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The satisfaction dimensions that were scored."""
    found = zip(SATISFACTION_DIMENSIONS, values, strict=True)
    return [{"dimension": dimension, "score": score} for dimension, score in found if score is not None]


def on_time(values: Sequence[Any]) -> bool | None:
    """Delivered, the second, at or before what was promised, the first; both microseconds."""
    promised, delivered = values
    return None if promised is None or delivered is None else delivered <= promised
