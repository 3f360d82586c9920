"""A SQLite file with the tables it is given, the same bytes for the same rows."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kehu.generate.blemishes import Spoilt

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Table:
    """A table to write. `spoilt` cells are put in whatever the column's type, as SQLite lets people do."""

    name: str
    frame: pl.DataFrame
    key: str
    spoilt: Spoilt


def write_sqlite(path: Path, tables: list[Table]) -> None:
    """Write a new file; row 0 of a frame gets rowid 1, and so on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        for table in tables:
            _write(database, table)
        database.execute("COMMIT")


def _write(database: sqlite3.Connection, table: Table) -> None:
    columns = ", ".join(f'"{name}" {_type(kind)}' for name, kind in table.frame.schema.items())
    database.execute(f'CREATE TABLE "{table.name}" ({columns})')
    marks = ", ".join("?" * table.frame.width)
    for start in range(0, table.frame.height, _PIECE):
        rows = table.frame.slice(start, _PIECE).rows()  # the driver takes rows only
        database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)
    for row, blemish in zip(table.spoilt.rows, table.spoilt.blemishes, strict=True):
        change = f'UPDATE "{table.name}" SET "{blemish.column}" = ? WHERE rowid = ?'
        database.execute(change, (blemish.value, row + 1))
    database.execute(f'CREATE INDEX "{table.name}_{table.key}" ON "{table.name}" ("{table.key}")')


def _type(kind: pl.DataType) -> str:
    return "INTEGER" if kind.is_integer() else "TEXT"
