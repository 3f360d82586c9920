"""The lists that hang on a customer, as connections."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kehu.reader.keyset import Page
from kehu.reader.listings import Listing, counts, pages
from kehu_graphql.connections import Connection, Paging, connection
from kehu_graphql.context import Context
from kehu_graphql.cursors import Cursors

RowType = TypeVar("RowType")
NodeType = TypeVar("NodeType")


@dataclass(frozen=True, slots=True)
class CustomerList(Generic[RowType, NodeType]):
    """What is read, how a row is shown, and the list's name in cursors."""

    name: str
    listing: Listing[RowType]
    as_node: Callable[[RowType], NodeType]

    def cursors(self) -> Cursors:
        """Dated lists have the instant before the id."""
        if self.listing.at is None:
            return Cursors(self.name, ("whole",))
        return Cursors(self.name, ("instant", "whole"), frozenset({0} if self.listing.at.nullable else ()))


async def listed(
    context: Context, customer_id: int, shown: CustomerList[RowType, NodeType], paging: Paging
) -> Connection[NodeType]:
    """The page of one customer's list, read together with the other customers' of the same level."""
    cursors = shown.cursors()
    window = paging.window(cursors)
    page: Page[RowType] | None = await context.reads.one(pages, customer_id, shown.listing, window)

    async def count(up_to: int | None) -> int:
        return await context.reads.one(counts, customer_id, shown.listing, up_to) or 0

    return connection(page or Page(), shown.as_node, window, cursors, count)
