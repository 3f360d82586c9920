"""Statements of plans as the drivers take them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson
import psycopg
from sqlalchemy import Connection, Dialect, Select, Text, select
from sqlalchemy.engine.interfaces import DBAPICursor

from kehu_graphql.pipelines import Asked
from kehu_graphql.planning.json_sql import JsonArray, JsonRows
from kehu_graphql.planning.shown import NotPlannedError

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with parameters in the order of `names`, and the values of those that never change.

    A packed one has all its rows in one, as JSON. That of a `whole` answer has one value at most, which is JSON.
    """

    sql: str
    names: tuple[str, ...]
    constant: Parameters
    processors: Mapping[str, Callable[[Any], Any]]
    encoded: bytes
    is_packed: bool = False
    is_whole: bool = False

    def rows(self, cursor: DBAPICursor, given: Parameters) -> list[Sequence[Any]]:
        """Every row, as the driver gives it."""
        cursor.execute(self.sql, self._values(given))
        rows = list(cursor.fetchall())
        return orjson.loads(rows[0][0]) if self.is_packed else rows

    def asked(self, given: Parameters) -> Asked:
        """For PostgreSQL; NotPlannedError for a value that has no text there."""
        return Asked(self.encoded, [_as_text(value) for value in self._values(given)], is_raw=self.is_whole)

    def _values(self, given: Parameters) -> Sequence[Any]:
        return [self._processed(name, given[name]) if name in given else self.constant[name] for name in self.names]

    def _processed(self, name: str, value: Any) -> Any:
        processor = self.processors.get(name)
        return value if processor is None else processor(value)


def driver_cursor(connection: Connection) -> DBAPICursor:
    """A cursor of the connection's driver that takes statements as they are."""
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        return cast("DBAPICursor", psycopg.RawCursor(driver))
    return connection.connection.cursor()


def finished(statement: Select[Any], dialect: Dialect, *, is_packed: bool = False, is_whole: bool = False) -> Statement:
    """The statement as text for the dialect's driver; the columns of a packed one have names of their own."""
    compiled = (_packed(statement) if is_packed else statement).compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    processors = {}
    constant = {}
    for name, value in compiled.construct_params().items():
        bind = compiled.binds.get(name)
        processor = None if bind is None else bind.type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            processors[name] = processor
        constant[name] = value if processor is None or value is None else processor(value)
    if compiled.positional:
        sql, names = str(compiled), tuple(compiled.positiontup or ())
    else:
        sql, names = _numbered(str(compiled), constant)
    return Statement(sql, names, constant, processors, sql.encode(), is_packed=is_packed, is_whole=is_whole)


def _packed(statement: Select[Any]) -> Select[Any]:
    """For SQLite, whose driver changes threads at every row: with others at work that takes longer than the reading."""
    rows = statement.subquery()
    # What is JSON already goes as text, whole into the answer.
    values = [column.op("||")("") if isinstance(column.type, Text) else column for column in rows.c]
    return select(JsonRows(JsonArray(*values)))


def _numbered(sql: str, constant: Parameters) -> tuple[str, tuple[str, ...]]:
    """psycopg's named parameters as PostgreSQL's own, in order.

    Whole numbers that never change are written out: a plan for any limit would be a plan for a large one.
    """
    names: list[str] = []

    def written(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if type(constant[name]) is int:
            return str(constant[name])
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%\((\w+)\)s|%%", written, sql), tuple(names)


def _as_text(value: Any) -> bytes | None:
    match value:
        case None:
            return None
        case str() if "\0" not in value:
            return value.encode()
        case bool():
            return b"t" if value else b"f"
        case int():
            return b"%d" % value
        case float():
            return repr(value).encode()
        case datetime():
            return value.isoformat().encode()
        case _:
            raise NotPlannedError(repr(value))
