"""Many rows of one state of the database into frames, by the cursor or, where they are very many, through ADBC."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import polars as pl
from sqlalchemy import Column, Connection, Engine, Select
from sqlalchemy.sql.selectable import TextualSelect

from kehu.store.bulk import read_frame, read_slices

Query = Select[Any] | TextualSelect


class BulkReader(Protocol):
    """One read-only transaction: every query sees the state of the database that the first one saw.

    Frames are typed by the query's columns, as `read_frame` does it.
    """

    def read(self, query: Query) -> pl.DataFrame:
        """All rows."""
        ...

    def slices(self, query: Query, by: Column[int] | None = None) -> Iterator[pl.DataFrame]:
        """The same rows in several frames, in any order, so that memory stays bounded; none is empty.

        Along `by`, a key of the query's table, several processes may share the work.
        """
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
    # Arrow and ADBC take a third of a second to import, which whoever reads few rows should not wait for.
    with import_module("kehu.store.arrow_reading").opened(engine) as reader:
        yield reader


@dataclass(frozen=True, slots=True)
class _CursorReader:
    connection: Connection

    def read(self, query: Query) -> pl.DataFrame:
        return read_frame(self.connection, query)

    def slices(self, query: Query, by: Column[int] | None = None) -> Iterator[pl.DataFrame]:  # noqa: ARG002  # one cursor
        return read_slices(self.connection, query)
