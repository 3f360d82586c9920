"""What plans need of SQL beyond tables: arrays in JSON, instants in them, and keys of cursors."""

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class JsonArray(FunctionElement[str]):
    """Its arguments as a JSON array; JSON among them stays JSON."""

    type = Text()
    inherit_cache = True


@compiles(JsonArray)
def _built(element: JsonArray, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_build_array({compiler.process(element.clauses, **options)})"


@compiles(JsonArray, "sqlite")
def _made(element: JsonArray, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **options)})"


class JsonObject(FunctionElement[str]):
    """Names, as literals, and values in turn as a JSON object; JSON among the values stays JSON."""

    type = Text()
    inherit_cache = True


@compiles(JsonObject)
def _object_built(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **options)})"


@compiles(JsonObject, "sqlite")
def _object_made(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **options)})"


class JsonRows(FunctionElement[str]):
    """A column of JSON, in the order its rows come in, as the text of one array."""

    type = Text()
    inherit_cache = True


@compiles(JsonRows)
def _aggregated(element: JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg({compiler.process(element.clauses, **options)})::text, '[]')"


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
    at = f"({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC')"
    whole, broken = (f"""to_char({at}, 'YYYY-MM-DD"T"HH24:MI:SS{part}"+00:00"')""" for part in ("", ".US"))
    return f"CASE WHEN date_trunc('second', {at}) = {at} THEN {whole} ELSE {broken} END"


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

    inherit_cache = True


@compiles(Micros)
def _counted(element: Micros, compiler: SQLCompiler, **options: Any) -> str:
    return f"(extract(epoch FROM {compiler.process(element.clauses, **options)}) * 1000000)::bigint"


@compiles(Micros, "sqlite")
def _kept(element: Micros, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


def as_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """JSON as text, which drivers leave as it is."""
    return column.cast(Text)
