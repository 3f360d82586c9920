"""Very many rows of one state of the database into frames, through ADBC."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import polars as pl
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection as ArrowConnection
from sqlalchemy import Column, Engine, Select, func, select

from kehu.store.bulk import polars_types
from kehu.store.bulk_reading import BulkReader, Query
from kehu.store.event_changes import head_of

_SLICE_ROWS = 1_048_576
# Fewer are read before another process has begun.
_SHARED_ROWS = 1_000_000
# More than these would read faster than their rows can be sorted and written.
_PROCESSES = 4
_SAMPLES: dict[pl.DataType, str] = {pl.String(): "''", pl.Float64(): "0.0"}


@contextmanager
def opened(engine: Engine) -> Iterator[BulkReader]:
    """A reader through ADBC in a transaction of its own.

    Raises OSError when ADBC cannot open the database or read it.
    """
    if engine.dialect.name == "sqlite":
        with ExitStack() as stack:
            file = str(engine.url.database)
            yield _SqliteReader(file, stack, [stack.enter_context(_sqlite_process(file))])
        return
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with adbc_driver_postgresql.dbapi.connect(address, autocommit=False) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield _PostgresReader(engine, connection)
    except adbc_driver_manager.Error as error:
        raise OSError(f"the database cannot be read in bulk: {error}") from error


@dataclass(frozen=True, slots=True)
class _PostgresReader:
    engine: Engine
    connection: ArrowConnection

    def read(self, query: Query) -> pl.DataFrame:
        return _whole(query, self.slices(query))

    def slices(self, query: Query, by: Column[int] | None = None) -> Iterator[pl.DataFrame]:  # noqa: ARG002  # one stream
        text = str(query.compile(dialect=self.engine.dialect, compile_kwargs={"literal_binds": True}))
        with self.connection.cursor() as cursor:
            # The compiler doubles per cent signs for psycopg.
            cursor.execute(text.replace("%%", "%"))
            yield from _frames(cursor.fetch_record_batch(), polars_types(query))


@dataclass(frozen=True, slots=True)
class _SqliteReader:
    """ADBC has an SQLite library of its own, and two of them in one process undo each other's locks.

    So it works in processes of its own, see `kehu.store.sqlite_arrow`, and SQLite's
    https://www.sqlite.org/howtocorrupt.html, section 2.2.1. All of them see one state of the database.
    """

    file: str
    stack: ExitStack
    processes: list[subprocess.Popen[bytes]]

    def read(self, query: Query) -> pl.DataFrame:
        return _whole(query, self.slices(query))

    def slices(self, query: Query, by: Column[int] | None = None) -> Iterator[pl.DataFrame]:
        types = polars_types(query)
        questions = [query] if by is None or not isinstance(query, Select) else self._shares(query, by)
        asked = list(zip(self.processes, questions, strict=False))
        try:
            for process, question in asked:
                _ask(process, question, types)
            yield from _frames(_in_turn([_answer(process) for process, _ in asked]), types)
        except (pa.ArrowInvalid, BrokenPipeError) as error:
            said = ""
            for process, _ in asked:
                process.kill()
                said = said or (process.stderr.read().decode().strip() if process.stderr else "")
            raise OSError(f"the database cannot be read in bulk: {said.splitlines()[-1:] or error}") from error

    def _shares(self, query: Select[Any], by: Column[int]) -> list[Select[Any]]:
        """The query in as many parts as there are processes, by ranges of the key."""
        first, last = (self.read(select(end(by).label("key"))).item() for end in (func.min, func.max))
        if first is None or last - first < _SHARED_ROWS:
            return [query]
        self._share_work()
        parts = len(self.processes)
        edges = [first + (last + 1 - first) * part // parts for part in range(parts + 1)]
        return [query.where(by >= start, by < end) for start, end in pairwise(edges)]

    def _share_work(self) -> None:
        """More processes, where they see the state that the first one sees, which no load came after."""
        head = head_of(self.read)
        for _ in range(len(self.processes), min(os.cpu_count() or 1, _PROCESSES)):
            process = self.stack.enter_context(_sqlite_process(self.file))
            if head_of(_SqliteReader(self.file, self.stack, [process]).read) != head:
                return
            self.processes.append(process)


@contextmanager
def _sqlite_process(file: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "kehu.store.sqlite_arrow", file]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603  # our own module
        try:
            yield process
        finally:
            process.kill()


def _ask(process: subprocess.Popen[bytes], query: Query, types: pl.Schema) -> None:
    text = query.compile(compile_kwargs={"literal_binds": True})
    # The driver takes each column's type from its first values, and would take one that begins with nulls for
    # whole numbers: a row before the first says what they are.
    sample = ", ".join(f'{_SAMPLES.get(kind, "0")} AS "{name}"' for name, kind in types.items())
    question = f"SELECT {sample} UNION ALL SELECT * FROM ({text})"
    if process.stdin is None:
        raise TypeError("the process has no pipes")
    process.stdin.write(json.dumps(question).encode() + b"\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[bytes]) -> Iterator[pa.RecordBatch]:
    """What the process answers, without the row before the first."""
    first = True
    for batch in pa.ipc.open_stream(process.stdout):
        yield batch.slice(1) if first else batch
        first = False


def _in_turn(answers: list[Iterator[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """A batch of each, again and again: while one is read, the others make theirs."""
    while answers:
        for answer in list(answers):
            batch = next(answer, None)
            if batch is None:
                answers.remove(answer)
            else:
                yield batch


def _whole(query: Query, slices: Iterator[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=polars_types(query)), *slices])


def _frames(batches: Iterable[pa.RecordBatch], types: pl.Schema) -> Iterator[pl.DataFrame]:
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        kept += [batch] if len(batch) else []
        if sum(map(len, kept)) >= _SLICE_ROWS:
            yield _frame(kept, types)
            kept = []
    if kept:
        yield _frame(kept, types)


def _frame(batches: list[pa.RecordBatch], types: pl.Schema) -> pl.DataFrame:
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # a table is a frame; this is for the type checker
    return frame.cast(types)
