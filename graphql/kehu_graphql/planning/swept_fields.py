"""Fields of a statement's customers that have no SQL: swept for all its rows at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect

from kehu.reader.customers import CUSTOMERS
from kehu_graphql.planning.sweep import Asking, Column, left_to_resolvers
from kehu_graphql.types.customer import customer_node

Places = Sequence[tuple[int, Column]]
# What resolvers know of a customer; selected beside the fields that have SQL.
OWN = tuple((column, False) for column in CUSTOMERS.columns)


@dataclass(frozen=True, slots=True)
class SweptFields:
    """The `places` to be filled in each of a page's `size` rows, in which a customer's own columns begin at `start`."""

    places: Places
    start: int
    size: int
    processors: tuple[Callable[[Any], Any] | None, ...]

    def fill(self, rows: Sequence[list[Any]], asking: Asking) -> None:
        """NotPlannedError where only resolvers can tell; a row beyond the page's is left as it is."""
        page = rows[: self.size]
        with left_to_resolvers():
            found = [customer_node(CUSTOMERS.build(self._values(row))) for row in page]
            for place, column in self.places:
                for row, value in zip(page, column(asking, found), strict=True):
                    row[place] = value

    def _values(self, row: Sequence[Any]) -> list[Any]:
        values = zip(self.processors, row[self.start : self.start + len(OWN)], strict=True)
        return [value if processor is None else processor(value) for processor, value in values]


def swept_fields(places: Places, start: int, size: int, dialect: Dialect) -> SweptFields | None:
    """None where nothing is to be swept."""
    if not places:
        return None
    processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column, _ in OWN]
    return SweptFields(places, start, size, tuple(processors))
