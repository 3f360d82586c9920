"""The one writer: a change after the other, each in one transaction, off the event loop, into the journal."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, OperationalError

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import reading, writing
from kehu.store.changes import Answered, Request, answered, forget_key, record_change
from kehu.workspace.served import Served
from kehu.workspace.workspace import Workspace
from kehu_graphql.failures import BUSY, ExpectedError
from kehu_graphql.running import Runner

logger = logging.getLogger(__name__)

# More would wait longer than their clients do.
MAX_WAITING = 100
# As long as SQLite is waited for.
WAIT_SECONDS = 30.0
# What a change answers is kept for the next time that its key is sent, so it must be JSON.
Answer = Mapping[str, Any]
Change = Callable[[Connection], Answer]


@dataclass(frozen=True, slots=True)
class Made:
    """What a change was answered with; `is_replay` when that was before, under the same key."""

    answer: Answer
    is_replay: bool = False


class WriteDesk:
    """Takes changes while the server runs; closed once, with it."""

    def __init__(
        self, engine: Engine, workspace: Workspace, clock: Clock, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.engine, self.workspace, self.clock = engine, workspace, clock
        self._wait_seconds = wait_seconds
        self.runner = Runner(workspace)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting = 0

    async def make(self, request: Request, change: Change, *, dry_run: bool) -> Made:
        """Make the change, or all of it but keep nothing; what it answered before when its key is known.

        Raises RefusedError as the change does, and for a key that was sent with another change; nothing is changed
        then. ExpectedError for a value no column can hold, while too many changes wait, and when another process has
        been writing for half a minute.
        """
        if self._waiting >= MAX_WAITING:
            raise ExpectedError(f"{self._waiting} changes wait already; send it again in a while", BUSY)
        self._waiting += 1
        # Whoever asked may leave meanwhile: the change is made all the same, and counted until then.
        working = self._thread.submit(self._make, request, change, dry_run=dry_run)
        working.add_done_callback(self._done)
        return await asyncio.shield(asyncio.wrap_future(working))

    async def act(self, request: Request, check: Change, action: Callable[[], None], *, dry_run: bool) -> Made:
        """Do what is done outside the database, once `check` has read that it may be, and note it then.

        Waits for nobody who writes, so that a run can be ended that does. Raises RefusedError as `make` does.
        """
        made = await asyncio.to_thread(self._act, request, check, action, dry_run=dry_run)
        if not (dry_run or made.is_replay):
            noting = self._thread.submit(self._note, request, made.answer)
            await asyncio.shield(asyncio.wrap_future(noting))
        return made

    async def forget(self, author: str, key: str | None) -> None:
        """Let the key be new again: what was made under it came to nothing after all."""
        if key is not None:
            await asyncio.wrap_future(self._thread.submit(self._forget, author, key))

    def close(self) -> None:
        """Waits for changes under way, and ends a run that was started here."""
        self._thread.shutdown()
        self.runner.close()

    def _done(self, _working: Future[Made]) -> None:
        self._waiting -= 1

    def _make(self, request: Request, change: Change, *, dry_run: bool) -> Made:
        try:
            with writing(self.engine, wait_seconds=self._wait_seconds) as connection:
                before = answered(connection, request)
                if before is not None:
                    return _replay(before, request)
                answer = change(connection)
                transaction = connection.get_transaction()
                if dry_run and transaction is not None:
                    transaction.rollback()
                else:
                    record_change(connection, request, _kept(answer), now=self.clock())
                return Made(answer)
        except DataError:
            raise ExpectedError("a value of the change is none that the database can hold") from None
        except OperationalError as error:
            if _is_busy(error.orig):
                raise ExpectedError("a load or a run is writing; send it again in a while", BUSY) from None
            raise

    def _act(self, request: Request, check: Change, action: Callable[[], None], *, dry_run: bool) -> Made:
        with reading(self.engine) as connection:
            before = answered(connection, request)
            if before is not None:
                return _replay(before, request)
            answer = check(connection)
        if not dry_run:
            action()
        return Made(answer)

    def _note(self, request: Request, answer: Answer) -> None:
        try:
            with writing(self.engine, wait_seconds=self._wait_seconds) as connection:
                record_change(connection, request, answer, now=self.clock())
        except OperationalError as error:
            if not _is_busy(error.orig):
                raise
            logger.warning(
                "'%s' of %s is done and not written down: a load or a run is writing", request.mutation, request.author
            )

    def _forget(self, author: str, key: str) -> None:
        with writing(self.engine, wait_seconds=self._wait_seconds) as connection:
            forget_key(connection, author, key)


def _is_busy(error: BaseException | None) -> bool:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return True
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def desk_for(engine: Engine, served: Served) -> WriteDesk | None:
    """None where nothing may be changed."""
    if served.workspace is None or served.machine_clock is None:
        return None
    return WriteDesk(engine, served.workspace, served.machine_clock)


def _kept(answer: Answer) -> Answer:
    """The answer without the messages on refused rows, which repeat what the client wrote: names, phones."""
    if "rows" not in answer:
        return answer
    silent = {"message": "refused when it was first sent"}
    rows = [{**row, "problems": [{**each, **silent} for each in row["problems"]]} for row in answer["rows"]]
    return {**answer, "rows": rows}


def _replay(before: Answered, request: Request) -> Made:
    if before.is_of(request):
        return Made(before.answer, is_replay=True)
    said = f"the key '{request.key}' was sent with another change, '{before.mutation}'"
    remedy = "make a new key for every change, and send it again only with the same input"
    raise RefusedError([Problem(Place("input.idempotencyKey"), "key-reused", said, remedy)])
