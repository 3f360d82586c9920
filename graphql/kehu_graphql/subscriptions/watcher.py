"""When to look again: whatever process publishes a run, begins one or ends one."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from kehu.reader.runs import runs_mark
from kehu.store.notices import CHANNEL, commits_of_others
from kehu_graphql.reads import ReadPool

logger = logging.getLogger(__name__)

_LOOK_SECONDS, _AGAIN_SECONDS = 0.25, 1.0
# Word of PostgreSQL may be lost: a pool of transactions does not pass it, a firewall forgets a silent connection.
_UNTOLD_SECONDS = 2.0
_IS_DEAF = 2
_UNANSWERED = "does not hear of runs until the database answers again: %s"
_DEAF = "notifications of PostgreSQL do not arrive (through a pool of transactions?); runs are looked for every %g s"


class Watcher:
    """Counts changes while somebody follows; what they are each follower reads from the store.

    PostgreSQL tells of them, and is looked into after two silent seconds, too; into SQLite it looks four times a
    second, without reading unless something was committed.
    """

    def __init__(self, engine: Engine, pool: ReadPool) -> None:
        self._engine, self._pool = engine, pool
        self._followers = 0
        self._changed = asyncio.Event()
        # Beside the one that works there may be others that were told to end.
        self._tasks: set[asyncio.Task[None]] = set()
        self.changes = 0

    @contextmanager
    def following(self) -> Iterator[None]:
        """Changes are counted within the block. Read `changes`, then the store, then wait for `after`."""
        self._followers += 1
        if all(task.cancelling() for task in self._tasks):
            task = asyncio.create_task(self._watch())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._end()

    async def after(self, changes: int) -> None:
        """Returns once there are more changes than that."""
        while self.changes == changes:
            await self._changed.wait()

    async def close(self) -> None:
        """Ends what still looks or listens."""
        self._end()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _watch(self) -> None:
        is_sqlite = self._engine.dialect.name == "sqlite"
        async for _ in self._looked() if is_sqlite else self._told():
            self.changes += 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def _looked(self) -> AsyncIterator[None]:
        while True:
            try:
                with commits_of_others(self._engine) as commits:
                    async for _ in self._seen(commits):
                        yield
            except (sqlite3.Error, SQLAlchemyError) as error:
                logger.warning(_UNANSWERED, error)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _seen(self, commits: Callable[[], int]) -> AsyncIterator[None]:
        seen, mark = -1, None
        while True:
            found = commits()
            if found != seen:
                seen, before = found, mark
                mark = await self._pool.run(runs_mark)
                if mark != before:
                    yield
            await asyncio.sleep(_LOOK_SECONDS)

    async def _told(self) -> AsyncIterator[None]:
        address = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    async for _ in self._heard(connection):
                        yield
            except (psycopg.Error, SQLAlchemyError) as error:
                logger.warning(_UNANSWERED, error)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _heard(self, connection: psycopg.AsyncConnection) -> AsyncIterator[None]:
        mark, unheard = await self._pool.run(runs_mark), 0
        # Something may have happened before it listened, and while the connection was lost.
        yield
        while True:
            notices = connection.notifies(timeout=_UNTOLD_SECONDS, stop_after=1)
            is_told = bool([notice async for notice in notices])
            before, mark = mark, await self._pool.run(runs_mark)
            if is_told or mark != before:
                # One that was looked for may just have come before its notice.
                unheard = 0 if is_told else unheard + 1
                if unheard == _IS_DEAF:
                    logger.warning(_DEAF, _UNTOLD_SECONDS)
                yield
