"""Tables read into frozen dataclasses whose fields are named as the columns."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Select, Table, bindparam, select

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mapped(Generic[T]):
    """How a table's rows become dataclasses: the columns to select, in order, and what makes one of a row.

    `build` takes a row that begins with `columns`; further values are left out.
    """

    columns: tuple[Column[Any], ...]
    build: Callable[[Sequence[Any]], T]

    def select(self) -> Select[Any]:
        """Every row of the table."""
        return select(*self.columns)

    def by(self, connection: Connection, column: Column[Any], values: Collection[Any]) -> dict[Any, T]:
        """The rows whose `column` is one of `values`, under that value; values without a row are absent."""
        rows = connection.execute(_rows_by(column, self.columns), {"wanted": list(values)})
        return {value: self.build(row) for value, *row in rows}


@cache
def _rows_by(column: Column[Any], columns: tuple[Column[Any], ...]) -> Select[Any]:
    # Kept, since SQLAlchemy takes longer to build and compare a statement than to run it.
    return select(column, *columns).where(column.in_(bindparam("wanted", expanding=True)))


def mapped(kind: type[T], table: Table) -> Mapped[T]:
    """`kind` must be a dataclass with fields named as columns of the table, else TypeError or KeyError."""
    if not is_dataclass(kind):
        raise TypeError(f"'{kind.__name__}' is no dataclass")
    names = [field.name for field in fields(kind)]
    return Mapped(tuple(table.c[name] for name in names), lambda row: kind(*row[: len(names)]))
