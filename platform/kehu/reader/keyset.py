"""Pages of an ordered list, found by the key of the row beside them instead of by counting rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, false, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")
KeyValue = str | int | datetime | None
KeyValues = tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """`size` rows after the row whose key is `beside`, or, `backward`, the rows just before it.

    Without `beside` the list's first rows, or its last ones when `backward`.
    """

    size: int
    beside: KeyValues | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in list order, their keys aligned, and whether the list goes on in the direction it was read."""

    rows: tuple[T, ...] = ()
    keys: tuple[KeyValues, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order. Unknown values stand last, or first, in either direction; the last key must be unique."""

    column: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False
    unknown_first: bool = False

    def leads_to_unknown(self, *, backward: bool) -> bool:
        """Whether unknown values come after known ones on the way."""
        return self.unknown_first == backward


class ByteOrder(FunctionElement[str]):
    """A text column compared by its UTF-8 bytes on every database, whatever that database's collation."""

    type = Text()
    inherit_cache = True


@compiles(ByteOrder)
def _with_collation(element: ByteOrder, compiler: SQLCompiler, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'


@compiles(ByteOrder, "sqlite")
def _bytes_already(element: ByteOrder, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


def ordering(keys: Sequence[Key], *, backward: bool = False) -> list[ColumnElement[Any]]:
    """What to order by; `backward` reverses the whole list, unknown values too."""
    return [_direction(key, backward=backward) for key in keys]


def beyond(keys: Sequence[Key], values: KeyValues, *, backward: bool = False) -> ColumnElement[bool]:
    """True for the rows that follow the row with these key values (precede it when `backward`)."""
    steps: list[ColumnElement[bool]] = []
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        ties = [_same(tied, values[index]) for index, tied in enumerate(keys[:place])]
        steps.append(and_(*ties, _follows(key, value, backward=backward)))
    first = keys[0]
    if len(keys) == 1 or first.nullable:
        return or_(*steps)
    # Implied by the steps, but only this form lets a database walk an index from the right place.
    edge = first.column <= values[0] if first.descending != backward else first.column >= values[0]
    return and_(edge, or_(*steps))


def read_page(
    connection: Connection,
    statement: Select[Any],
    keys: Sequence[Key],
    window: Window,
    build: Callable[[Sequence[Any]], T],
) -> Page[T]:
    """The window of `statement`, which must have no order of its own."""
    ordered = along(statement.add_columns(*key_columns(keys)), keys, window).limit(window.size + 1)
    return cut_page(connection.execute(ordered).all(), len(keys), window, build)


def along(statement: Select[Any], keys: Sequence[Key], window: Window) -> Select[Any]:
    """The rows of `statement` from the window's place on, in the order that leads there."""
    if window.beside is not None:
        statement = statement.where(beyond(keys, window.beside, backward=window.backward))
    return statement.order_by(*ordering(keys, backward=window.backward))


def key_columns(keys: Sequence[Key]) -> list[ColumnElement[Any]]:
    """The keys as columns that `cut_page` expects at the end of a row."""
    return [key.column.label(f"key_{place}") for place, key in enumerate(keys)]


def cut_page(rows: Sequence[Sequence[Any]], keys: int, window: Window, build: Callable[[Sequence[Any]], T]) -> Page[T]:
    """A page of rows read in the window's direction, up to one more than its size; the last `keys` columns are keys."""
    kept = list(rows[: window.size])
    if window.backward:
        kept.reverse()
    return Page(
        rows=tuple(build(row) for row in kept),
        keys=tuple(tuple(row)[len(row) - keys :] for row in kept),
        has_more=len(rows) > window.size,
    )


def _direction(key: Key, *, backward: bool) -> ColumnElement[Any]:
    directed = key.column.desc() if key.descending != backward else key.column.asc()
    if not key.nullable:
        return directed
    return directed.nulls_last() if key.leads_to_unknown(backward=backward) else directed.nulls_first()


def _same(key: Key, value: KeyValue) -> ColumnElement[bool]:
    return key.column.is_(None) if value is None else key.column == value


def _follows(key: Key, value: KeyValue, *, backward: bool) -> ColumnElement[bool]:
    unknown_follows = key.nullable and key.leads_to_unknown(backward=backward)
    if value is None:
        return false() if unknown_follows else key.column.is_not(None)
    further = key.column < value if key.descending != backward else key.column > value
    return or_(further, key.column.is_(None)) if unknown_follows else and_(further, true())
