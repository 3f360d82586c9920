"""What plans need of SQL beyond tables: arrays in JSON, instants in them, and keys of cursors."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, Dialect, Integer, LargeBinary, Numeric, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


class JsonText(Text):
    """Text that is JSON, and stays so within JSON."""


class JsonArray(FunctionElement[str]):
    """Its arguments as a JSON array; JSON among them stays JSON."""

    type = JsonText()
    inherit_cache = True


@compiles(JsonArray)
def _built(element: JsonArray, compiler: SQLCompiler, **options: Any) -> str:
    # Joined as text, since PostgreSQL's own functions look up every argument's type anew for each row.
    values = [_in_json(each, compiler, **options) for each in element.clauses]
    return "('[' || " + " || ',' || ".join(values or ["''"]) + " || ']')"


@compiles(JsonArray, "sqlite")
def _made(element: JsonArray, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **options)})"


class JsonObject(FunctionElement[str]):
    """Names, as literals, and values in turn as a JSON object; JSON among the values stays JSON."""

    type = JsonText()
    inherit_cache = True


@compiles(JsonObject)
def _object_built(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    values = [_in_json(value, compiler, **options) for value in list(element.clauses)[1::2]]
    return _object_joined(element, values, compiler, **options)


def _object_joined(element: JsonObject, values: Sequence[str], compiler: SQLCompiler, **options: Any) -> str:
    names = [compiler.process(name, **options).strip("'") for name in list(element.clauses)[::2]]
    fields = [f"""'"{name}":' || {value}""" for name, value in zip(names, values, strict=True)]
    return "('{' || " + " || ',' || ".join(fields or ["''"]) + " || '}')"


@compiles(JsonObject, "sqlite")
def _object_made(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    values = list(element.clauses)[1::2]
    if any(isinstance(value.type, JsonText) for value in values):
        # Joined as text, since SQLite would parse what is JSON already.
        return _object_joined(element, [_in_object(each, compiler, **options) for each in values], compiler, **options)
    return f"json_object({compiler.process(element.clauses, **options)})"


class JsonRows(FunctionElement[str]):
    """A column of JSON, in the order its rows come in, as the text of one array."""

    type = JsonText()
    inherit_cache = True


@compiles(JsonRows)
def _aggregated(element: JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"'[' || coalesce(string_agg({compiler.process(element.clauses, **options)}, ','), '') || ']'"


@compiles(JsonRows, "sqlite")
def _joined(element: JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    # Joined as text, since SQLite would parse each row again to put it into an array.
    return f"'[' || coalesce(group_concat({compiler.process(element.clauses, **options)}, ','), '') || ']'"


class InstantText(FunctionElement[str]):
    """An instant as answers show it: ISO 8601 in UTC, a fraction only where there is one."""

    type = Text()
    inherit_cache = True


@compiles(InstantText)
def _by_pattern(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    return f"""trim({_in_quotes(compiler.process(element.clauses, **options))}, '"')"""


def _in_quotes(at: str) -> str:
    # PostgreSQL's JSON cuts zeros off the end of a fraction; Python does not. Its zone is the session's, which is UTC.
    broken = f"""to_char({at} AT TIME ZONE 'UTC', '"\\""YYYY-MM-DD"T"HH24:MI:SS.US"+00:00\\""')"""
    return f"CASE WHEN {at}::timestamptz(0) = {at} THEN to_json({at})::text ELSE {broken} END"


def _in_json(value: ColumnElement[Any], compiler: SQLCompiler, **options: Any) -> str:
    """A value within JSON that is joined as text on PostgreSQL; unknown ones are null there."""
    sql = compiler.process(value, **options)
    if isinstance(value, InstantText):
        shown = _in_quotes(compiler.process(value.clauses, **options))
    elif isinstance(value.type, JsonText):
        shown = sql
    elif isinstance(value.type, Integer | Boolean | Numeric | JSON):
        shown = f"({sql})::text"
    else:
        shown = f"to_json({f'({sql})::text' if isinstance(value.type, NullType) else sql})::text"
    return f"coalesce({shown}, 'null')"


def _in_object(value: ColumnElement[Any], compiler: SQLCompiler, **options: Any) -> str:
    sql = compiler.process(value, **options)
    return f"coalesce({sql}, 'null')" if isinstance(value.type, JsonText) else f"json_quote({sql})"


@compiles(InstantText, "sqlite")
def _by_seconds(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    # Division goes towards zero there: before 1970 the fraction is brought above zero first.
    at = compiler.process(element.clauses, **options)
    fraction = f"(({at} % 1000000 + 1000000) % 1000000)"
    whole = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', {at} / 1000000, 'unixepoch')"
    second = f"strftime('%Y-%m-%dT%H:%M:%S', ({at} - {fraction}) / 1000000, 'unixepoch')"
    return f"CASE WHEN {at} % 1000000 = 0 THEN {whole} ELSE {second} || printf('.%06d+00:00', {fraction}) END"


class Micros(FunctionElement[int]):
    """An instant as the whole microseconds since 1970 that cursors hold."""

    type = BigInteger()
    inherit_cache = True


@compiles(Micros)
def _counted(element: Micros, compiler: SQLCompiler, **options: Any) -> str:
    return f"(extract(epoch FROM {compiler.process(element.clauses, **options)}) * 1000000)::bigint"


@compiles(Micros, "sqlite")
def _kept(element: Micros, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


def as_answer(column: ColumnElement[Any], dialect: Dialect) -> ColumnElement[Any]:
    """JSON that goes into an answer as it is: bytes where a driver would make a string of it first."""
    return column.cast(LargeBinary if dialect.name == "sqlite" else Text)


def as_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """JSON as text, which drivers leave as it is."""
    return column.cast(Text)
