"""Reads for one request: off the event loop, batched per level of the query, none asked twice."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError
from strawberry.dataloader import DataLoader

from kehu_graphql.failures import ExpectedError

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

READER_THREADS = 4
_MAX_BATCH = 1000


class ReadPool:
    """A few threads with a connection each per read; closed once, with the server."""

    def __init__(self, engine: Engine, threads: int = READER_THREADS) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def run(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """What `read` answers in a transaction of its own; ExpectedError for a value no column can hold."""

        def in_thread() -> R:
            try:
                with self._engine.connect() as connection:
                    return read(connection, *args, **options)
            except DataError:
                raise ExpectedError("a value in the query is none that the database can hold") from None

        return await self.aside(in_thread)

    async def aside(self, work: Callable[[], R]) -> R:
        """What `work` answers, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Waits for reads under way."""
        self._threads.shutdown()


class Reads:
    """One request's reads."""

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._shared: dict[Hashable, asyncio.Task[Any]] = {}

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

    async def once(self, read: Callable[Concatenate[Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """Runs `read` once for these arguments, however often it is asked; arguments must be hashable."""
        key = (read, args, tuple(sorted(options.items())))
        if key not in self._shared:
            self._shared[key] = asyncio.ensure_future(self._pool.run(read, *args, **options))
        found: R = await self._shared[key]
        return found

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
                found = await self._pool.run(read, keys, *args)
                return [found.get(key) for key in keys]

            self._loaders[read, args] = DataLoader(load, max_batch_size=_MAX_BATCH)
        return self._loaders[read, args]
