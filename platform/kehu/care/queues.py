"""Queues: ordered work, read a slice at a time from beside a known entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, tuple_

T = TypeVar("T")
Place = tuple[int | datetime, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`size` entries after the one at `after`, or the queue's first ones."""

    size: int
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Queue(Generic[T]):
    """A slice of a queue: entries in order, their places aligned, and whether more follow."""

    entries: tuple[T, ...]
    places: tuple[Place, ...]
    has_more: bool


def read_slice(
    connection: Connection,
    statement: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    window: Slice,
    build: Callable[[Row[Any]], T],
    **given: object,
) -> Queue[T]:
    """The queue ordered by `keys`: each rises, none may be unknown, together they are unique.

    `given` are the values of the statement's parameters.
    """
    statement = statement.add_columns(*(key.label(f"key_{place}") for place, key in enumerate(keys)))
    if window.after is not None:
        beside = [literal(value, key.type) for key, value in zip(keys, window.after, strict=True)]
        statement = statement.where(tuple_(*keys) > tuple_(*beside))
    rows = connection.execute(statement.order_by(*keys).limit(window.size + 1), given).all()
    kept = rows[: window.size]
    return Queue(
        entries=tuple(build(row) for row in kept),
        places=tuple(tuple(row)[-len(keys) :] for row in kept),
        has_more=len(rows) > window.size,
    )
