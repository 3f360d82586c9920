"""When to look again: whatever process publishes a run, begins one or ends one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import psycopg
from sqlalchemy import Engine

from kehu.reader.runs import runs_mark
from kehu.store.notices import CHANNEL, commits_of_others
from kehu_graphql.reads import ReadPool

logger = logging.getLogger(__name__)

_LOOK_SECONDS, _AGAIN_SECONDS = 0.25, 1.0


class Watcher:
    """Counts changes while somebody follows; what they are each follower reads from the store.

    PostgreSQL tells of them; into SQLite it looks four times a second, without reading unless something was committed.
    """

    def __init__(self, engine: Engine, pool: ReadPool) -> None:
        self._engine, self._pool = engine, pool
        self._followers = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.changes = 0

    @contextmanager
    def following(self) -> Iterator[None]:
        """Changes are counted within the block. Read `changes`, then the store, then wait for `after`."""
        self._followers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._task.cancel()

    async def after(self, changes: int) -> None:
        """Returns once there are more changes than that."""
        while self.changes == changes:
            await self._changed.wait()

    async def close(self) -> None:
        """Ends what still looks or listens."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        is_sqlite = self._engine.dialect.name == "sqlite"
        async for _ in self._looked() if is_sqlite else _told(self._engine):
            self.changes += 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def _looked(self) -> AsyncIterator[None]:
        with commits_of_others(self._engine) as commits:
            seen, mark = -1, None
            while True:
                found = commits()
                if found != seen:
                    seen, before = found, mark
                    mark = await self._pool.run(runs_mark)
                    if mark != before:
                        yield
                await asyncio.sleep(_LOOK_SECONDS)


async def _told(engine: Engine) -> AsyncIterator[None]:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                # Something may have happened before it listened, and while the connection was lost.
                yield
                async for _ in connection.notifies():
                    yield
        except psycopg.OperationalError as error:
            logger.warning("does not hear of runs until the database answers again: %s", error)
        await asyncio.sleep(_AGAIN_SECONDS)
