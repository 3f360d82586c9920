"""Frames into tables and queries into frames, on the caller's own connection and transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import JSON, Boolean, Connection, Float, Integer, Select, Table, Text, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.selectable import TextualSelect
from sqlalchemy.types import TypeEngine

from kehu.model.graph import INSTANT
from kehu.model.problems import Place, Problem, refuse_errors
from kehu.tables.columns import Instant
from kehu.tables.spent import spent_numbers

_NULL = r"\N"
_SLICE = 50_000
# A row put into grown indexes takes about as long as sorting so many anew.
_GROWING = 3
_FEW = 100


def insert_frame(connection: Connection, table: Table | str, frame: pl.DataFrame) -> None:
    """Append every row of `frame`, whose columns are the table's (a temporary table goes by its name).

    Raises RefusedError when a text holds the character NUL.
    """
    if frame.is_empty():
        return
    name = table if isinstance(table, str) else table.name
    _refuse_nul(name, frame)
    columns = ", ".join(f'"{column}"' for column in frame.columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {name} ({columns}) FROM STDIN (FORMAT csv, NULL '{_NULL}')", frame)
        return
    marks = ", ".join("?" * frame.width)
    connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", _driver_rows(frame))


def insert_alike(connection: Connection, table: Table, frame: pl.DataFrame, alike: Mapping[str, Any]) -> None:
    """The same of rows that all have the values of `alike` too: on SQLite those cost nothing per row.

    Raises RefusedError when a text holds the character NUL.
    """
    _refuse_nul(table.name, frame)
    shared = pl.DataFrame({name: [value] for name, value in alike.items()})
    _refuse_nul(table.name, shared)
    if not _is_sqlite(connection):
        constant = [pl.lit(each.item(), dtype=each.dtype).alias(each.name) for each in shared]
        for part in frame.iter_slices(_SLICE):
            insert_frame(connection, table, part.with_columns(constant))
        return
    columns = ", ".join(f'"{column}"' for column in (*frame.columns, *shared.columns))
    quoted = connection.exec_driver_sql("SELECT " + ", ".join(["quote(?)"] * shared.width), _driver_rows(shared)[0])
    values = ", ".join([*("?" * frame.width), *quoted.one()])
    cursor = _driver_of(connection).cursor()
    for part in _with_driver_types(frame).iter_slices(_SLICE):
        # Straight to the driver, which makes each row's tuple when it writes it.
        rows = zip(*(column.to_list() for column in part), strict=True)
        cursor.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({values})", rows)
    cursor.close()


@contextmanager
def indexed_afterwards(connection: Connection, table: Table, rows: int, *, kept: str) -> Iterator[None]:
    """Write that many rows into the table at once: SQLite sorts its indexes faster than it grows them.

    The index `kept` stays: one that hardly any of the rows concerns. PostgreSQL keeps all, since readers would have to
    wait, but learns how many rows there are: its planner would look for few of them in all.
    """
    if rows * _GROWING < next_id(connection, table):
        yield
        return
    with indexed_anew(connection, table, kept=kept):
        yield


@contextmanager
def indexed_anew(connection: Connection, table: Table, *, kept: str = "") -> Iterator[None]:
    """The same where most rows are written, whatever the table held."""
    sorted_anew = [index for index in table.indexes if index.name != kept] if _is_sqlite(connection) else []
    for index in sorted_anew:
        index.drop(connection, checkfirst=True)
    yield
    for index in sorted_anew:
        index.create(connection, checkfirst=True)
    if not _is_sqlite(connection):
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def read_by_texts(
    connection: Connection, query: Select[tuple[str, str, int]]
) -> Iterator[tuple[tuple[str, str], pl.Series]]:
    """Of a query for two texts and a number: for each pair of texts its numbers, in any order.

    It is for very many rows: SQLite had better have an index that holds just that.
    """
    first, second, number = query.selected_columns
    if _is_sqlite(connection):
        for texts in connection.execute(query.with_only_columns(first, second).distinct()).all():
            of_these = query.with_only_columns(number).where(first == texts[0], second == texts[1])
            rows: Iterator[tuple[int]] = connection.execute(of_these).cursor  # type: ignore[assignment]  # SQLite's goes on
            yield (texts[0], texts[1]), pl.Series(np.fromiter(chain.from_iterable(rows), dtype=np.int64))
        return
    # In one value per pair: the driver takes far longer over a row than over a number.
    joined = func.string_agg(cast(number, Text), ",")
    for one, other, numbers in connection.execute(
        query.with_only_columns(first, second, joined).group_by(first, second)
    ):
        yield (one, other), pl.Series([numbers]).str.split(",").explode().cast(pl.Int64)


def update_frame(connection: Connection, table: Table, frame: pl.DataFrame, *, key: str = "id") -> None:
    """Set the other columns of `frame` on the rows whose `key` it names.

    Raises RefusedError when a text holds the character NUL.
    """
    if frame.is_empty():
        return
    _refuse_nul(table.name, frame)
    values = [column for column in frame.columns if column != key]
    if connection.dialect.name == "postgresql":
        _update_by_join(connection, table, frame, key)
        return
    settings = ", ".join(f'"{column}" = ?' for column in values)
    statement = f'UPDATE {table.name} SET {settings} WHERE "{key}" = ?'
    connection.exec_driver_sql(statement, _driver_rows(frame.select(*values, key)))


def put_frame(connection: Connection, table: Table, frame: pl.DataFrame, *, key: str) -> None:
    """Write the rows in place of those with their `key`, or as new ones; columns that `frame` lacks stay as they are.

    Raises RefusedError when a text holds the character NUL.
    """
    settings = ", ".join(f'"{name}" = excluded."{name}"' for name in frame.columns if name != key)
    conflict = f'ON CONFLICT ("{key}") DO UPDATE SET {settings}'
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    for part in frame.iter_slices(_SLICE):
        _refuse_nul(table.name, part)
        if _is_sqlite(connection):
            marks = ", ".join("?" * part.width)
            statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks}) {conflict}"
            connection.exec_driver_sql(statement, _driver_rows(part))
        else:
            _stage_like(connection, "staged_put", table, part)
            statement = f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM staged_put {conflict}"
            connection.exec_driver_sql(statement)


def read_frame(connection: Connection, query: Select[Any] | TextualSelect) -> pl.DataFrame:
    """The query's rows, typed by its columns: instants UTC, whole numbers Int64, JSON as text."""
    slices = list(read_slices(connection, query))
    return pl.concat(slices) if slices else pl.DataFrame(schema=polars_types(query))


def read_slices(connection: Connection, query: Select[Any] | TextualSelect) -> Iterator[pl.DataFrame]:
    """The same rows in several frames, none of them empty."""
    schema = polars_types(query)
    raw = {name: pl.Int64() if kind == INSTANT and _is_sqlite(connection) else kind for name, kind in schema.items()}
    # Straight from the driver's cursor: SQLAlchemy's conversion of each value costs four times the reading.
    # In slices, so that Python's copies of the values never add up.
    cursor = connection.execute(_with_json_as_text(connection, query)).cursor
    while rows := cursor.fetchmany(_SLICE):
        frame = pl.DataFrame(rows, schema=raw, orient="row")
        yield frame if raw == schema else frame.cast(schema)
    cursor.close()


def polars_types(query: Select[Any] | TextualSelect) -> pl.Schema:
    """The type of each of the query's columns once read."""
    return pl.Schema({column.name: _polars_type(column.type) for column in query.selected_columns})


def next_id(connection: Connection, table: Table) -> int:
    """One more than the greatest id that the table has or had before an erasure; ids start at 1."""
    spent = select(spent_numbers.c.last).where(spent_numbers.c.name == table.name).scalar_subquery()
    greatest = connection.execute(select(func.max(table.c.id), spent)).one()
    return 1 + max(number or 0 for number in greatest)


def stage(connection: Connection, name: str, frame: pl.DataFrame) -> None:
    """A temporary table holding exactly `frame`, for joins; replaces an older one of that name."""
    types = {pl.String(): "TEXT", pl.Int64(): "BIGINT"}
    columns = ", ".join(f'"{column}" {types[kind]}' for column, kind in frame.schema.items())
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns})")
    insert_frame(connection, name, frame)
    if not _is_sqlite(connection):
        # Its planner takes a new table for a long one.
        connection.exec_driver_sql(f"ANALYZE {name}")


def lock_for_writing(connection: Connection) -> None:
    """Wait until no other Kehu process writes; held until the transaction ends.

    SQLite's BEGIN IMMEDIATE has that effect already; PostgreSQL takes an advisory lock.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('kehu.writer'))")


def _refuse_nul(table: str, frame: pl.DataFrame) -> None:
    """SQLite would take the character, PostgreSQL would not: neither may hold what the other cannot."""
    texts = [column for column in frame if column.dtype == pl.String()]
    problems = []
    for column in texts:
        if not _holds_nul(column):
            continue
        for value in column.filter(column.str.contains("\0", literal=True)).head(1):
            message = f"{value!r} holds the character NUL, which no text may hold"
            place = Place(f"{table}.{column.name}")
            problems.append(Problem(place, "nul", message, "remove it from the export"))
    refuse_errors(problems)


def _holds_nul(texts: pl.Series) -> bool:
    if len(texts) > _FEW:
        return bool(texts.str.contains("\0", literal=True).any())
    # To plan it takes longer than to look at few texts.
    return any("\0" in text for text in texts if text is not None)


def _with_json_as_text(connection: Connection, query: Select[Any] | TextualSelect) -> Select[Any] | TextualSelect:
    """PostgreSQL's driver would make Python objects of JSON."""
    if _is_sqlite(connection) or isinstance(query, TextualSelect):
        return query
    columns = query.selected_columns
    if not any(isinstance(column.type, JSON) for column in columns):
        return query
    return query.with_only_columns(
        *(cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column for column in columns)
    )


def _driver_rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return _with_driver_types(frame).rows()


def _with_driver_types(frame: pl.DataFrame) -> pl.DataFrame:
    # SQLite keeps instants as whole microseconds, see kehu.tables.columns.Instant.
    instants = [name for name, kind in frame.schema.items() if kind == INSTANT]
    return frame.with_columns(pl.col(instants).cast(pl.Int64)) if instants else frame


def _driver_of(connection: Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  # a checked-out connection has one; this is for the type checker
    return driver


def _copy(connection: Connection, statement: str, frame: pl.DataFrame) -> None:
    text = frame.write_csv(include_header=False, null_value=_NULL, quote_style="non_numeric", datetime_format="%+")
    with _driver_of(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)


def _update_by_join(connection: Connection, table: Table, frame: pl.DataFrame, key: str) -> None:
    values = [column for column in frame.columns if column != key]
    _stage_like(connection, "staged_update", table, frame)
    settings = ", ".join(f'"{column}" = s."{column}"' for column in values)
    connection.exec_driver_sql(
        f'UPDATE {table.name} AS t SET {settings} FROM staged_update AS s WHERE t."{key}" = s."{key}"'
    )


def _stage_like(connection: Connection, name: str, table: Table, frame: pl.DataFrame) -> None:
    """A temporary table of the frame's rows, its columns of the table's types: PostgreSQL only."""
    definitions = ", ".join(f'"{each}" {table.c[each].type.compile(postgresql.dialect())}' for each in frame.columns)  # type: ignore[no-untyped-call]
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({definitions})")
    insert_frame(connection, name, frame)


def _polars_type(kind: object) -> pl.DataType:
    if isinstance(kind, Instant):
        return INSTANT
    types: tuple[tuple[type[TypeEngine[Any]], pl.DataType], ...] = (
        (Boolean, pl.Boolean()),
        (Integer, pl.Int64()),
        (Float, pl.Float64()),
    )
    return next((polars for plain, polars in types if isinstance(kind, plain)), pl.String())


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
