"""Reads for one request: off the event loop, batched per level of the query, none asked twice, of one state."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DataError, DBAPIError
from strawberry.dataloader import DataLoader

from kehu_graphql.failures import ExpectedError
from kehu_graphql.kept_connections import KeptConnections, one_state
from kehu_graphql.kept_rules import KeptRules
from kehu_graphql.pipelines import Pipelines
from kehu_graphql.stopping import Reading, ended, stoppable

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

READER_THREADS = 4
# Several would take the interpreter from one another oftener than they read, each beside pages of its own.
_QUICK_THREADS = 1
# Together with the threads' own fewer than the connections an engine keeps, or all would wait for one another.
OPEN_SNAPSHOTS = 5
# Fewer than there are threads, so that long work leaves some to reads.
BESIDE = 2
MAX_BATCH = 1000


class ReadPool:
    """A few threads with a connection each per read; closed once, with the server."""

    def __init__(self, engine: Engine, threads: int = READER_THREADS) -> None:
        self._frozen = _frozen(engine)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._quick = ThreadPoolExecutor(_QUICK_THREADS, thread_name_prefix="quick-reader")
        self._free = asyncio.Semaphore(OPEN_SNAPSHOTS)
        self._kept = KeptConnections(engine)
        self._engine = engine
        self.pipelines = Pipelines(engine) if engine.dialect.name == "postgresql" else None
        self._beside = asyncio.Semaphore(BESIDE)
        self.rules = KeptRules()

    @property
    def dialect(self) -> Dialect:
        """The database's, as its driver speaks it."""
        return self._frozen.dialect

    async def run(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """What `read` answers in a transaction of its own; ExpectedError for a value no column can hold.

        Here as in a snapshot the database stops when whoever waits is cancelled.
        """
        reading = Reading()

        def in_thread() -> R:
            with self._frozen.connect() as connection, reading.on(connection):
                return _told(read, connection, *args, **options)

        return await stoppable(self._threads, in_thread, reading.stop)

    async def run_raw(self, read: Callable[[DBAPICursor], R], *, is_quick: bool = False) -> R:
        """What `read` answers with a cursor of SQLite's driver, over a connection that its thread keeps.

        No transaction is begun. Errors are the driver's own, and after one the connection is let go. What `is_quick`
        takes a few milliseconds at most, and does not wait for longer reads.
        """
        reading = Reading()

        def in_thread() -> R:
            connection = self._kept.own()
            try:
                with reading.on(connection), closing(connection.connection.cursor()) as cursor:
                    return read(cursor)
            except sqlite3.Error:
                self._kept.let_go(connection)
                raise

        return await stoppable(self._quick if is_quick else self._threads, in_thread, reading.stop)

    async def run_in_one_state(
        self, read: Callable[Concatenate[Connection, Reading, P], R], *args: P.args, **options: P.kwargs
    ) -> R:
        """What `read` answers of one state of the database, over the connection that its thread keeps.

        After an error of the driver, or of SQLAlchemy for it, the connection is let go.
        """
        reading = Reading()

        def in_thread() -> R:
            connection = self._kept.own()
            try:
                with reading.on(connection), one_state(connection):
                    return read(connection, reading, *args, **options)
            except (sqlite3.Error, psycopg.Error, DBAPIError):
                self._kept.let_go(connection)
                raise

        return await stoppable(self._threads, in_thread, reading.stop)

    async def read(self, connection: Connection, reading: Reading, read: Callable[[], R]) -> R:
        """What `read` answers on an open connection."""

        def in_thread() -> R:
            with reading.on(connection):
                return read()

        return await stoppable(self._threads, in_thread, reading.stop)

    async def open(self) -> Connection:
        """A connection whose reads all see the database as it is at the first of them; hand it to `release`.

        Waits while too many are open.
        """
        await self._free.acquire()
        try:
            return await self.aside(self._frozen.connect)
        except BaseException:
            self._free.release()
            raise

    async def release(self, connection: Connection) -> None:
        """Ends what `open` began."""
        try:
            await self.aside(connection.close)
        finally:
            self._free.release()

    async def aside(self, work: Callable[[], R]) -> R:
        """What `work` answers, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def beside(self, work: Callable[[Engine], R]) -> R:
        """What `work` answers in transactions of its own; long work, of which little is done at a time."""
        await self._beside.acquire()
        loop = asyncio.get_running_loop()
        working = self._threads.submit(work, self._engine)
        # It goes on when nobody waits any more, and takes a thread until then.
        working.add_done_callback(lambda _: loop.call_soon_threadsafe(self._beside.release))
        return await asyncio.wrap_future(working)

    def close(self) -> None:
        """Waits for reads under way."""
        self._threads.shutdown()
        self._quick.shutdown()
        self._kept.close()
        if self.pipelines is not None:
            self.pipelines.close()


class Snapshot:
    """One state of the database; opened by the first read, which the others follow one at a time.

    After a read that the database refused the next one opens a new state.
    """

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self._reading = Reading()

    async def run(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """What `read` answers; ExpectedError for a value no column can hold."""
        async with self._turn:
            if self._closed:
                raise RuntimeError(f"'{read}' was asked of a request that is over")
            if self._connection is None:
                self._connection = await self._pool.open()
            connection = self._connection
            return await self._pool.read(connection, self._reading, lambda: _told(read, connection, *args, **options))

    async def stop(self) -> None:
        """Ends the read under way and refuses all that wait for their turn: nobody waits for the answer.

        Returns when it has ended, however often this is cancelled: `close` could not wait for it then.
        """
        self._closed = True
        await ended(lambda: not self._turn.locked(), self._reading.stop)

    async def close(self) -> None:
        """Waits for the read under way."""
        async with self._turn:
            self._closed = True
            if self._connection is not None:
                await self._pool.release(self._connection)


class Reads:
    """One request's reads; each in a transaction of its own, unless `snapshot` surrounds them."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._shared: dict[Hashable, asyncio.Task[Any]] = {}
        self._snapshot: Snapshot | None = None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Within it everything is read in one transaction, of one state of the database."""
        self._snapshot = Snapshot(self._pool)
        try:
            yield
        except asyncio.CancelledError:
            await self._snapshot.stop()
            raise
        finally:
            await self._snapshot.close()
            self._snapshot = None

    def anew(self) -> "Reads":
        """For another request to the same database."""
        return Reads(self._pool)

    def forget(self) -> None:
        """Read anew what is asked from now on: something was written."""
        self._loaders.clear()
        self._shared.clear()

    async def aside(self, work: Callable[[], R]) -> R:
        """What `work` answers, off the event loop; asked once, however often it is wanted."""
        if work not in self._shared:
            self._shared[work] = asyncio.ensure_future(self._pool.aside(work))
        found: R = await self._shared[work]
        return found

    async def beside(self, work: Callable[[Engine], R]) -> R:
        """What `work` answers, off the event loop, of the database as it is by then."""
        return await self._pool.beside(work)

    async def together(self, work: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
        """What each of them answers, their reads batched."""
        return list(await asyncio.gather(*work))

    async def once(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """Runs `read` once for these arguments, however often it is asked; arguments must be hashable."""
        key = (read, args, tuple(sorted(options.items())))
        if key not in self._shared:
            self._shared[key] = asyncio.ensure_future(self._run(read, *args, **options))
        found: R = await self._shared[key]
        return found

    async def _run(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        kept: Callable[..., R] = self._pool.rules.instead(read)
        if self._snapshot is None:
            return await self._pool.run(kept, *args, **options)
        return await self._snapshot.run(kept, *args, **options)

    async def one(
        self,
        read: Callable[Concatenate[Connection, Sequence[K], P], Mapping[K, V]],
        key: K,
        *args: P.args,
        **_: P.kwargs,
    ) -> V | None:
        """The value under `key`, read together with the other keys wanted meanwhile; None where absent."""
        loader = self._loader(read, args)
        found: V | None = await loader.load(key)
        return found

    def _loader(self, read: Callable[..., Mapping[Any, Any]], args: tuple[Any, ...]) -> DataLoader[Any, Any]:
        if (read, args) not in self._loaders:

            async def load(keys: list[Any]) -> Sequence[Any]:
                found = await self._run(read, keys, *args)
                return [found.get(key) for key in keys]

            self._loaders[read, args] = DataLoader(load, max_batch_size=MAX_BATCH)
        return self._loaders[read, args]


def _frozen(engine: Engine) -> Engine:
    """An engine whose transactions see one state. SQLite's do anyway, from their first read on.

    They are not read-only to the database, since some reads lay ids by in temporary tables.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _told(
    read: Callable[Concatenate[Connection, P], R], connection: Connection, *args: P.args, **options: P.kwargs
) -> R:
    try:
        return read(connection, *args, **options)
    except DBAPIError as failure:
        # PostgreSQL answers nothing more within a transaction that failed.
        connection.rollback()
        if isinstance(failure, DataError):
            raise ExpectedError("a value in the query is none that the database can hold") from None
        raise
