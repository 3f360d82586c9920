"""Statements that end when nobody waits for their answer any more."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TypeVar

import psycopg
from sqlalchemy import Connection

R = TypeVar("R")

# A request to cancel goes to PostgreSQL over a connection of its own.
CANCEL_SECONDS = 5.0
_AGAIN_SECONDS = 0.02


class Reading:
    """What one piece of work reads, to be stopped from another thread. After `stop` it reads nothing more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._driver: object = None
        self._stopped = False

    @contextmanager
    def on(self, connection: Connection) -> Iterator[None]:
        """Statements of the block can be stopped; InterruptedError when `stop` came before."""
        with self._lock:
            self.required()
            self._driver = connection.connection.driver_connection
        try:
            yield
        finally:
            # From here on another may have the connection, whose statements are not ours to stop.
            with self._lock:
                self._driver = None

    def required(self) -> None:
        """InterruptedError when `stop` came."""
        if self._stopped:
            raise InterruptedError("nobody waits for the answer any more")

    def stop(self) -> None:
        """Ends the statement under way, which raises an error in its own thread."""
        with self._lock:
            self._stopped = True
            if isinstance(self._driver, sqlite3.Connection):
                self._driver.interrupt()
            elif isinstance(self._driver, psycopg.Connection):
                self._driver.cancel_safe(timeout=CANCEL_SECONDS)


async def stoppable(threads: Executor, work: Callable[[], R], stop: Callable[[], None]) -> R:
    """What `work` answers. When whoever waits is cancelled, `stop` is called, again and again, until the work ended."""
    working = threads.submit(work)
    try:
        return await asyncio.wrap_future(working)
    except asyncio.CancelledError:
        await ended(lambda: working.cancel() or working.done(), stop)
        raise


async def ended(is_over: Callable[[], bool], stop: Callable[[], None]) -> None:
    """Calls `stop` off the event loop, again and again, until the work is over, however often this is cancelled."""
    stopping = asyncio.ensure_future(_stopped(is_over, stop))
    while not stopping.done():
        # A second cancellation must not leave the work alone with a connection that others will get.
        with suppress(asyncio.CancelledError):
            await asyncio.shield(stopping)


async def _stopped(is_over: Callable[[], bool], stop: Callable[[], None]) -> None:
    while not is_over():
        # A database that does not listen now may the next time.
        with suppress(psycopg.Error):
            await asyncio.to_thread(stop)
        await asyncio.sleep(_AGAIN_SECONDS)
