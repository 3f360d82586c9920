"""Many rows of one state of the database into frames, by the cursor or, where they are very many, through ADBC."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import polars as pl
import pyarrow as pa
from adbc_driver_manager.dbapi import Connection as ArrowConnection
from sqlalchemy import Connection, Engine, Select
from sqlalchemy.sql.selectable import TextualSelect

from kehu.store.bulk import polars_types, read_frame, read_slices

Query = Select[Any] | TextualSelect

_SLICE_ROWS = 1_048_576
_SAMPLES: dict[pl.DataType, str] = {pl.String(): "''", pl.Float64(): "0.0"}


class BulkReader(Protocol):
    """One read-only transaction: every query sees the state of the database that the first one saw.

    Frames are typed by the query's columns, as `read_frame` does it.
    """

    def read(self, query: Query) -> pl.DataFrame:
        """All rows."""
        ...

    def slices(self, query: Query) -> Iterator[pl.DataFrame]:
        """The same rows in several frames, so that memory stays bounded; none is empty."""
        ...


@contextmanager
def cursor_reader(engine: Engine) -> Iterator[BulkReader]:
    """Reads by the driver's cursor: best for few rows."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
        yield _CursorReader(connection)


@contextmanager
def arrow_reader(engine: Engine) -> Iterator[BulkReader]:
    """Reads through ADBC in a transaction of its own, three to four times as fast, once it has begun.

    Raises OSError when ADBC cannot open the database or read it.
    """
    if engine.dialect.name == "sqlite":
        with _sqlite_process(str(engine.url.database)) as reader:
            yield reader
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
class _CursorReader:
    connection: Connection

    def read(self, query: Query) -> pl.DataFrame:
        return read_frame(self.connection, query)

    def slices(self, query: Query) -> Iterator[pl.DataFrame]:
        return read_slices(self.connection, query)


@dataclass(frozen=True, slots=True)
class _PostgresReader:
    engine: Engine
    connection: ArrowConnection

    def read(self, query: Query) -> pl.DataFrame:
        return _whole(query, self.slices(query))

    def slices(self, query: Query) -> Iterator[pl.DataFrame]:
        text = str(query.compile(dialect=self.engine.dialect, compile_kwargs={"literal_binds": True}))
        with self.connection.cursor() as cursor:
            # The compiler doubles per cent signs for psycopg.
            cursor.execute(text.replace("%%", "%"))
            yield from _frames(cursor.fetch_record_batch(), polars_types(query))


@dataclass(frozen=True, slots=True)
class _SqliteReader:
    """ADBC has an SQLite library of its own, and two of them in one process undo each other's locks.

    So it works in a process of its own, see `kehu.store.sqlite_arrow`, and SQLite's
    https://www.sqlite.org/howtocorrupt.html, section 2.2.1.
    """

    process: subprocess.Popen[bytes]

    def read(self, query: Query) -> pl.DataFrame:
        return _whole(query, self.slices(query))

    def slices(self, query: Query) -> Iterator[pl.DataFrame]:
        types = polars_types(query)
        text = query.compile(compile_kwargs={"literal_binds": True})
        # The driver takes each column's type from its first values, and would take one that begins with nulls for
        # whole numbers: a row before the first says what they are.
        sample = ", ".join(f'{_SAMPLES.get(kind, "0")} AS "{name}"' for name, kind in types.items())
        question = f"SELECT {sample} UNION ALL SELECT * FROM ({text})"
        if self.process.stdin is None or self.process.stdout is None:
            raise TypeError("the process has no pipes")
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            yield from _frames(pa.ipc.open_stream(self.process.stdout), types, skipped=1)
        except (pa.ArrowInvalid, BrokenPipeError) as error:
            self.process.kill()
            said = self.process.stderr.read().decode().strip() if self.process.stderr else ""
            raise OSError(f"the database cannot be read in bulk: {said.splitlines()[-1:] or error}") from error


@contextmanager
def _sqlite_process(file: str) -> Iterator[BulkReader]:
    command = [sys.executable, "-m", "kehu.store.sqlite_arrow", file]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603  # our own module
        try:
            yield _SqliteReader(process)
        finally:
            process.kill()


def _whole(query: Query, slices: Iterator[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=polars_types(query)), *slices])


def _frames(reader: pa.RecordBatchReader, types: pl.Schema, *, skipped: int = 0) -> Iterator[pl.DataFrame]:
    kept: list[pa.RecordBatch] = []
    for batch in reader:
        rest = batch.slice(skipped)
        skipped = max(skipped - len(batch), 0)
        kept += [rest] if len(rest) else []
        if sum(map(len, kept)) >= _SLICE_ROWS:
            yield _frame(kept, types)
            kept = []
    if kept:
        yield _frame(kept, types)


def _frame(batches: list[pa.RecordBatch], types: pl.Schema) -> pl.DataFrame:
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # a table is a frame; this is for the type checker
    return frame.cast(types)
