"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import strawberry

from kehu.reader.keyset import Page, Window
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved

DEFAULT_FIRST = 20
MAX_FIRST = 200
DEFAULT_LIMIT = 10_000
MAX_LIMIT = 1_000_000

NodeType = TypeVar("NodeType")
RowType = TypeVar("RowType")
# Counts all rows, or may stop at a number of them.
Count = Callable[[int | None], Awaitable[int]]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follows after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Something stands before `startCursor`.")
    start_cursor: str | None = strawberry.field(description="Of the page's first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Of the page's last row; null on an empty page.")


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this row.")
    node: NodeType = strawberry.field(description="The row itself.")


@strawberry.type(description="A count that stopped at a limit, if it got there.")
class CappedCount:
    count: int = strawberry.field(description="Rows in the whole list, the limit at most, e.g. 10000.")
    is_exact: bool = strawberry.field(description="The list has no more rows than that.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]] = strawberry.field(description="The page's rows with their cursors.")
    nodes: list[NodeType] = strawberry.field(description="The page's rows alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    count: strawberry.Private[Count]

    @resolved("Rows in the whole list, exact; counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count(None)

    @resolved('Rows in the whole list, `limit` at most: enough to show "more than 10,000". No more are counted.')
    async def total_count_capped(self, limit: int = DEFAULT_LIMIT) -> CappedCount:
        if not 1 <= limit <= MAX_LIMIT:
            raise ExpectedError(f"'limit: {limit}' is out of range; ask for 1 to {MAX_LIMIT}, or for totalCount")
        found = await self.count(limit + 1)
        return CappedCount(count=min(found, limit), is_exact=found <= limit)


@dataclass(frozen=True, slots=True)
class Paging:
    """Relay's four arguments, checked: `first` or `last` at most 200, `after` and `before` not mixed with them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def window(self, cursors: Cursors) -> Window:
        """What to read; ExpectedError for arguments that make no page."""
        backward = self.last is not None or self.before is not None
        if backward and (self.first is not None or self.after is not None):
            raise ExpectedError("page forward with 'first' and 'after', or backward with 'last' and 'before', not both")
        name, size = ("last", self.last) if backward else ("first", self.first)
        cursor = self.before if backward else self.after
        beside = None if cursor is None else cursors.read(cursor)
        return Window(size=checked_size(name, size), beside=beside, backward=backward)


def connection(
    page: Page[RowType],
    as_node: Callable[[RowType], NodeType],
    window: Window,
    cursors: Cursors,
    count: Count,
) -> Connection[NodeType]:
    """The page as a connection; `count` is called only when a count is selected."""
    edges = [Edge(cursor=cursors.write(key), node=as_node(row)) for row, key in zip(page.rows, page.keys, strict=True)]
    came_from_beside = window.beside is not None
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=came_from_beside if window.backward else page.has_more,
            has_previous_page=page.has_more if window.backward else came_from_beside,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        count=count,
    )


def checked_size(name: str, size: int | None) -> int:
    """The default for None; ExpectedError outside 0 to 200."""
    if size is None:
        return DEFAULT_FIRST
    if not 0 <= size <= MAX_FIRST:
        raise ExpectedError(f"'{name}: {size}' is out of range; ask for 0 to {MAX_FIRST} and page on with cursors")
    return size
