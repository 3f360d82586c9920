"""News for one subscriber, read from the store page by page as fast as it takes them."""

from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from typing import TypeVar, cast

from kehu.reader.news import END, LevelNews, NewsPlace, WarningNews, newest_place
from kehu_graphql.context import Context
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import ExpectedError

# What is kept for a subscriber at most: one that is slow holds a page, and the rest waits in the store.
PAGE = 100
_CURSORS = Cursors("published", ("whole", "whole", "whole"))

News = TypeVar("News", LevelNews, WarningNews)


def cursor_of(place: NewsPlace) -> str:
    """The place as clients hold it."""
    return _CURSORS.write((place.run, place.side, place.row))


async def start(context: Context, after: str | None) -> NewsPlace:
    """The place of a cursor, the end without one; ExpectedError for one of another list or of runs that are gone."""
    newest = await context.reads.once(newest_place)
    if after is None:
        return newest
    run, side, row = cast("tuple[int, int, int]", _CURSORS.read(after))
    if run > newest.run:
        raise ExpectedError(
            f"the cursor is of run {run}, and the last one published is run {newest.run}: the database was put back; "
            "read anew and go on from 'publishedCursor'"
        )
    return NewsPlace(run, min(side, END), row)


async def feed(
    context: Context, read: Callable[..., Sequence[News]], place: NewsPlace, *wanted: Hashable
) -> AsyncGenerator[News, None]:
    """All news behind the place, for ever: `read` is given the place, then `wanted`, then the size of a page."""
    with context.watcher.following():
        while True:
            changes = context.watcher.changes
            found = await context.reads.once(read, place, *wanted, PAGE)
            for news in found:
                yield news
                # Each is resolved by reads of its own: an hour may lie between two of them.
                context.reads.forget()
                place = news.place
            if not found:
                context.reads.forget()
                await context.watcher.after(changes)
