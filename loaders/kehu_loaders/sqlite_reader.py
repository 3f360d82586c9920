"""Reads a table or a query of an SQLite file, opened read-only."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from kehu.model.problems import did_you_mean
from kehu.sources.source import Source
from kehu_loaders.header import check_header
from kehu_loaders.raw import CHUNK_ROWS, RawChunk, refuse_file, text_chunk

_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def read_sqlite(source: Source, file: Path) -> Iterator[RawChunk]:
    """The rows in the order SQLite gives them; a row's line is its number in that order, from 1.

    Cells are text, as SQLite's columns hold values of any type. Raises RefusedError when the file is no
    SQLite file, the table or query does not stand, or a column is missing.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = _decode
            _check_whole(connection, file)
            yield from _chunks(source, file, connection)
    except sqlite3.Error as error:
        raise refuse_file(
            file, f"SQLite says: {error}", "check the file, and 'table' or 'query' under 'read:'"
        ) from error


def _check_whole(connection: sqlite3.Connection, file: Path) -> None:
    """SQLite itself reads a file that was cut short as if zeros followed."""
    (pages,), (page_bytes,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    if pages * page_bytes > file.stat().st_size:
        raise refuse_file(file, "the file is cut short: its last pages are missing", "copy or export it again")


def _chunks(source: Source, file: Path, connection: sqlite3.Connection) -> Iterator[RawChunk]:
    cursor = connection.execute(source.options.query or _select(source.options.table, connection, file))
    header = check_header([column[0] for column in cursor.description or ()], source, file)
    read = 0
    while rows := cursor.fetchmany(CHUNK_ROWS):
        # SQLite types each value, not each column: the one place where cells become text one by one.
        texts = [tuple(map(_text, row)) for row in rows]
        yield text_chunk(header, texts, range(read + 1, read + len(rows) + 1), [])
        read += len(rows)
    if not read:
        yield text_chunk(header, [], [], [])


def _select(table: str, connection: sqlite3.Connection, file: Path) -> str:
    tables: Sequence[str] = [row[0] for row in connection.execute(_TABLES)]
    if not table and len(tables) == 1:
        table = tables[0]
    if not tables:
        raise refuse_file(file, "the file has no tables", "export it again")
    if not table:
        remedy = f"name one with 'read: {{table: ...}}': {', '.join(tables)}"
        raise refuse_file(file, f"the file has {len(tables)} tables", remedy)
    if table not in tables:
        raise refuse_file(file, f"the file has no table '{table}'", did_you_mean(table, tables))
    quoted = table.replace('"', '""')
    return f'SELECT * FROM "{quoted}"'


def _text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bytes():
            return f"X'{value.hex()}'"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case _:
            return str(value)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
