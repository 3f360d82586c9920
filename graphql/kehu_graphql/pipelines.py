"""Statements for PostgreSQL over connections of our own: sent all at once, answered from one state of the database."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Engine

from kehu_graphql.stopping import CANCEL_SECONDS, ended

Rows = list[tuple[Any, ...]]

PIPELINES = 4
# A statement that is kept takes some memory of its connection's server, one that is not some time to be planned again.
_KEPT_STATEMENTS = 100
# One of thousands of values is hardly ever asked again, and its server keeps megabytes for it.
_KEPT_BYTES = 20_000
# Compiled code does not pay for a page of rows. Nothing that would harm whom a pool gives the connection to next.
_SETTINGS = ("SET TIME ZONE 'UTC'", "SET jit = off")
# One statement alone sees one state by itself.
_BEGIN, _END = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", b"COMMIT"


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement with parameters $1, $2 …, and their texts; the values of raw rows stay the bytes of theirs."""

    sql: bytes
    values: Sequence[bytes | None]
    is_raw: bool = False


class Pipelines:
    """A few connections, each for one request at a time; closed once, with the server."""

    def __init__(self, engine: Engine) -> None:
        self._options = engine.dialect.create_connect_args(engine.url)[1]
        self._turn = asyncio.Semaphore(PIPELINES)
        self._free: list[_Pipeline] = []

    async def rows(self, asked: Sequence[Asked]) -> list[Rows]:
        """Each statement's rows. psycopg.Error where the database refuses one; its connection is let go then.

        The database stops when whoever waits is cancelled.
        """
        async with self._turn:
            pipeline = self._kept()
            if pipeline is None:
                pipeline = await asyncio.to_thread(self._opened)
            try:
                found = await pipeline.rows(asked)
            except BaseException:
                pipeline.close()
                raise
            self._free.append(pipeline)
            return found

    def close(self) -> None:
        """When nothing is asked any more."""
        while self._free:
            self._free.pop().close()

    def _kept(self) -> "_Pipeline | None":
        while self._free:
            pipeline = self._free.pop()
            if pipeline.is_open:
                return pipeline
        return None

    def _opened(self) -> "_Pipeline":
        # None of the engine's, which has few and would have to wait for these.
        return _Pipeline(psycopg.connect(autocommit=True, **self._options))


class _Pipeline:
    """One connection, read when the event loop sees that there is something to read."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        for setting in _SETTINGS:
            connection.execute(setting)
        self._connection = connection
        self._raw = connection.pgconn
        self._raw.nonblocking = 1
        self._raw.enter_pipeline_mode()
        self._socket = self._raw.socket
        self._loader = Transformer(connection)
        self._statements = _Statements()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answer: asyncio.Future[list[Rows]] | None = None
        self._found: list[Rows] = []
        self._raw_rows: list[bool] = []
        self._failure: psycopg.Error | None = None
        self.is_open = True

    async def rows(self, asked: Sequence[Asked]) -> list[Rows]:
        """Each statement's."""
        self._listen()
        answer: asyncio.Future[list[Rows]] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._raw_rows = [each.is_raw for each in asked]
        self._send_all(asked)
        self._raw.pipeline_sync()
        self._flush()
        try:
            return await answer
        except asyncio.CancelledError:
            await ended(lambda: self._answer is None, self._stop)
            raise

    def close(self) -> None:
        """Whatever is under way. Once: what has the socket's number by the next time may be another's."""
        if not self.is_open:
            return
        self.is_open = False
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._connection.close()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            # Servers have one loop; whoever tries an application without a server may have one for each request.
            self._loop = loop
            loop.add_reader(self._socket, self._readable)

    def _send_all(self, asked: Sequence[Asked]) -> None:
        if len(asked) > 1:
            self._raw.send_query_params(_BEGIN, None)
        for each in asked:
            self._send(each)
        if len(asked) > 1:
            self._raw.send_query_params(_END, None)

    def _send(self, asked: Asked) -> None:
        if len(asked.sql) > _KEPT_BYTES:
            self._raw.send_query_params(asked.sql, asked.values)
            return
        name = self._statements.names.get(asked.sql)
        if name is None:
            name, forgotten = self._statements.added(asked.sql)
            self._raw.send_prepare(name, asked.sql)
            if forgotten is not None:
                self._raw.send_query_params(b"DEALLOCATE " + forgotten, None)
        self._raw.send_query_prepared(name, asked.values)

    def _flush(self) -> None:
        loop = cast("asyncio.AbstractEventLoop", self._loop)
        if self._raw.flush():
            loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        try:
            if not self._raw.flush():
                cast("asyncio.AbstractEventLoop", self._loop).remove_writer(self._socket)
        except psycopg.Error as failure:
            self._end(failure)

    def _readable(self) -> None:
        try:
            self._raw.consume_input()
            self._take()
        except psycopg.Error as failure:
            self._end(failure)

    def _take(self) -> None:
        """What has arrived whole. There is none twice in a row when there is no more."""
        is_between = False
        while not self._raw.is_busy():
            result = self._raw.get_result()
            if result is None:
                if is_between:
                    return
                is_between = True
                continue
            is_between = False
            match result.status:
                case ExecStatus.TUPLES_OK:
                    self._found.append(self._rows(result))
                case ExecStatus.COMMAND_OK:
                    pass
                case ExecStatus.PIPELINE_SYNC:
                    self._end(self._failure)
                    return
                case _:
                    self._failure = self._failure or error_from_result(result)

    def _rows(self, result: PGresult) -> Rows:
        if self._raw_rows[len(self._found)]:
            return [tuple(map(partial(result.get_value, row), range(result.nfields))) for row in range(result.ntuples)]
        self._loader.set_pgresult(result)
        return self._loader.load_rows(0, result.ntuples, tuple)

    def _end(self, failure: psycopg.Error | None) -> None:
        answer, self._answer = self._answer, None
        found, self._found = self._found, []
        if answer is None:
            # Nobody asked: the database has gone.
            self.close()
        elif answer.done():
            return
        elif failure is None:
            answer.set_result(found)
        else:
            answer.set_exception(failure)

    def _stop(self) -> None:
        try:
            self._connection.cancel_safe(timeout=CANCEL_SECONDS)
        except psycopg.Error:
            # The connection is let go, which is all that can be done where the database does not listen.
            self._answer = None


class _Statements:
    """Those that a connection has prepared, by their text, the oldest first."""

    def __init__(self) -> None:
        self.names: OrderedDict[bytes, bytes] = OrderedDict()
        self._made = 0

    def added(self, sql: bytes) -> tuple[bytes, bytes | None]:
        """A name for the statement, and that of one to be forgotten instead."""
        self._made += 1
        name = self.names[sql] = b"plan_%d" % self._made
        forgotten = self.names.popitem(last=False)[1] if len(self.names) > _KEPT_STATEMENTS else None
        return name, forgotten
