"""Spark SQL, for conditions and formulas: columns made into text, exactly as Polars answers them.

Frames hold instants as whole microseconds since 1970. Text, not calls, is what is sent: a plan made of calls is
refused by Spark Connect when it is nested a hundred deep, as sums of points are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from kehu.rules.columns import Column
from kehu.rules.instants import FIRST, LAST
from kehu.rules.regex import EVERY_SPACE, SPACE
from kehu.rules.values import Refused
from kehu.spark.words import WIDE, literal, name

_DAY = 86_400_000_000
_SECOND = 1_000_000
_FIRST_DAY, _LAST_DAY = FIRST // _DAY, LAST // _DAY
# Shared parts are written out, and parsers go down into every bracket.
_HEAVIEST = 5_000
_DEEPEST = 400


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression that may stand as an operand. `wide` says that it is a whole number of up to 38 digits."""

    text: str
    depth: int = 0
    wide: bool = False

    def __str__(self) -> str:
        return self.text


class SparkSql:
    """An engine whose expressions are of type Sql."""

    name = "Spark"

    def made(self, column: Column, parts: tuple[Any, ...]) -> Sql:
        """The text of one call. Raises Refused for what Spark would answer otherwise than Polars."""
        if column.weight > _HEAVIEST:
            raise _too_long()
        make = _MADE.get(column.call)
        if make is None:
            raise _refused(column.call)
        made = make(column, parts)
        if made.depth > _DEEPEST:
            raise _too_long()
        return made


SPARK = SparkSql()


def _too_long() -> Refused:
    return Refused("unsupported", "the condition is too long for Spark", "split the rule")


_NAMES = {
    "str.to_lowercase": "'.as_lower'",
    "str.to_uppercase": "'.as_upper'",
}


def _refused(call: str) -> Refused:
    items = call.startswith("list.") or call == "element"
    said = "the items of a list" if items else _NAMES.get(call, f"'{call}'")
    return Refused(
        "unsupported", f"{said} cannot be computed exactly on Spark", "leave --engine spark out: Polars computes it"
    )


def _sql(part: Any) -> Sql:
    return part if isinstance(part, Sql) else Sql(literal(part))


def _call(template: str, *parts: Any, wide: bool = False) -> Sql:
    made = [_sql(part) for part in parts]
    depth = 1 + max((each.depth for each in made), default=0)
    return Sql(template.format(*(each.text for each in made)), depth, wide)


def _arithmetic(operator: str) -> Callable[[Column, tuple[Any, ...]], Sql]:
    def make(_column: Column, parts: tuple[Any, ...]) -> Sql:
        sides = _alike(parts)
        if not sides[0].wide:
            return _call(f"({{}} {operator} {{}})", *sides)
        return _call(f"CAST(({{}} {operator} {{}}) AS {WIDE})", *sides, wide=True)

    return make


def _alike(parts: tuple[Any, ...]) -> list[Sql]:
    """The sides in one type where one of them is wide."""
    sides = [_sql(part) for part in parts]
    if not any(each.wide for each in sides):
        return sides
    return [each if each.wide else _call(f"CAST({{}} AS {WIDE})", each, wide=True) for each in sides]


def _comparison(operator: str) -> Callable[[Column, tuple[Any, ...]], Sql]:
    return lambda _column, parts: _call(f"({{}} {operator} {{}})", *_alike(parts))


def _remainder(_column: Column, parts: tuple[Any, ...]) -> Sql:
    """Of a floored division, as Polars has it; Spark's own has the sign of the left side."""
    sides = _alike(parts)
    wide = sides[0].wide
    text = "((({0} % {1}) + {1}) % {1})"
    return _call(f"CAST({text} AS {WIDE})" if wide else text, *sides, wide=wide)


def _whole_division(column: Column, parts: tuple[Any, ...]) -> Sql:
    """Floored: what is left of the left side without the remainder is divided without one."""
    left, right = _alike(parts)
    rest = _remainder(column, (left, right))
    if not left.wide:
        return _call("(({0} - {2}) DIV {1})", left, right, rest)
    return _call(f"CAST((({{0}} - {{2}}) / {{1}}) AS {WIDE})", left, right, rest, wide=True)


def _literal(_column: Column, parts: tuple[Any, ...]) -> Sql:
    value, kind = parts
    if kind in _TYPES and kind != pl.String:
        wide = kind == pl.Int128
        number = "NULL" if value is None else repr(value) if isinstance(value, float) else str(value)
        quoted = f"'{number}'" if isinstance(value, float) else number
        return Sql(f"CAST({quoted} AS {_TYPES[kind]})", wide=wide)
    return Sql(literal(value))


_TYPES: Mapping[Any, str] = {pl.Int64: "BIGINT", pl.Int128: WIDE, pl.Float64: "DOUBLE", pl.String: "STRING"}


def _cast(_column: Column, parts: tuple[Any, ...]) -> Sql:
    """An instant is its microseconds already."""
    part = _sql(parts[0])
    if parts[1] not in _TYPES:
        return part
    return _call(f"CAST({{}} AS {_TYPES[parts[1]]})", part, wide=parts[1] == pl.Int128)


def _choice(_column: Column, parts: tuple[Any, ...]) -> Sql:
    condition, *values = parts
    known = [each for each in values if each is not None]
    alike = iter(_alike(tuple(known)))
    one, other = (None if each is None else next(alike) for each in values)
    wide = any(each is not None and each.wide for each in (one, other))
    return _call("CASE WHEN {} THEN {} ELSE {} END", condition, one, other, wide=wide)


def _filled(_column: Column, parts: tuple[Any, ...]) -> Sql:
    sides = _alike(parts)
    return _call("COALESCE({}, {})", *sides, wide=sides[0].wide)


def _rounded(function: str) -> Callable[[Column, tuple[Any, ...]], Sql]:
    """Spark's own gives a whole number of 64 bits, and none beyond 2**52 has a fraction."""
    text = f"CASE WHEN ABS({{0}}) < 4503599627370496.0D THEN CAST({function}({{0}}) AS DOUBLE) ELSE {{0}} END"
    return lambda _column, parts: _call(text, *parts)


def _found(column: Column, parts: tuple[Any, ...]) -> Sql:
    text, pattern = parts
    if column.options:
        return _call("CONTAINS({}, {})", text, pattern)
    # Java's engine reads a blank as ASCII only, and letters without case so unless it is told.
    plain = pattern.replace(SPACE, EVERY_SPACE).replace("(?i:", "(?iu:")
    return _call("({} RLIKE {})", text, plain)


def _sliced(_column: Column, parts: tuple[Any, ...]) -> Sql:
    """Positions are counted from 1, from the end as by Polars; without a length, all that follows."""
    text, begin, *length = parts
    sizes = [_position(each) for each in length if each is not None]
    end = ", {2}" if sizes else ""
    return _call(
        f"SUBSTRING({{0}}, CASE WHEN {{1}} < 0 THEN {{1}} ELSE {{1}} + 1 END{end})", text, _position(begin), *sizes
    )


def _item(_column: Column, parts: tuple[Any, ...]) -> Sql:
    text = "GET({0}, CASE WHEN {1} < 0 THEN ARRAY_SIZE({0}) + {1} ELSE {1} END)"
    return _call(text, parts[0], _position(parts[1]))


def _position(part: Any) -> Sql:
    """A whole number of 32 bits, far outside where it was outside."""
    return _call(_within("{0}", -1_000_000_000, 1_000_000_000), part)


def _within(number: str, least: int, most: int) -> str:
    """A whole number of 32 bits between the two; null stays null, which LEAST and GREATEST pass over."""
    outside = f"WHEN {number} > {most}L THEN {most}L WHEN {number} < {least}L THEN {least}L"
    return f"CAST(CASE {outside} ELSE {number} END AS INT)"


def _replaced(column: Column, parts: tuple[Any, ...]) -> Sql:
    words = column.parts[1]
    cases = " ".join(f"WHEN {literal(value)} THEN {literal(word)}" for value, word in words.items())
    return _call(f"CASE {{}} {cases} END", parts[0])


def _joined(column: Column, parts: tuple[Any, ...]) -> Sql:
    return _call(f"CONCAT({', '.join('{}' for _ in column.parts)})", *parts)


def _one_of(_column: Column, parts: tuple[Any, ...]) -> Sql:
    return _call(f"({{}} IN ({', '.join(map(literal, parts[1]))}))", parts[0])


def _date_part(function: str) -> Callable[[Column, tuple[Any, ...]], Sql]:
    days = f"({{0}} - PMOD({{0}}, {_DAY}L)) DIV {_DAY}L"
    day = f"DATE_ADD(DATE'1970-01-01', {_within(days, _FIRST_DAY, _LAST_DAY)})"
    return lambda _column, parts: _call(f"{function}({day})", parts[0])


def _clock_part(length: int, many: int) -> Callable[[Column, tuple[Any, ...]], Sql]:
    return lambda _column, parts: _call(f"(PMOD({{0}}, {length * many}L) DIV {length}L)", parts[0])


def _calling(template: str) -> Callable[[Column, tuple[Any, ...]], Sql]:
    return lambda _column, parts: _call(template, *parts)


_MADE: Mapping[str, Callable[[Column, tuple[Any, ...]], Sql]] = {
    "lit": _literal,
    "col": lambda _column, parts: Sql(name(parts[0])),
    "cast": _cast,
    "when": _choice,
    **{operator: _arithmetic(operator) for operator in ("+", "-", "*", "/")},
    **{operator: _comparison(operator) for operator in ("<", "<=", ">", ">=")},
    "==": _comparison("="),
    "!=": _comparison("<>"),
    "//": _whole_division,
    "%": _remainder,
    "&": _calling("({} AND {})"),
    "|": _calling("({} OR {})"),
    "^": _calling("({} <> {})"),
    "~": _calling("(NOT {})"),
    "neg": lambda _column, parts: _call("(- {})", parts[0], wide=_sql(parts[0]).wide),
    "abs": lambda _column, parts: _call("ABS({})", parts[0], wide=_sql(parts[0]).wide),
    "floor": _rounded("FLOOR"),
    "ceil": _rounded("CEIL"),
    "fill_null": lambda column, parts: _filled(column, (*parts, *column.options.values())),
    "is_null": _calling("({} IS NULL)"),
    "is_not_null": _calling("({} IS NOT NULL)"),
    "is_finite": _calling("(ABS({}) < CAST('Infinity' AS DOUBLE))"),
    "is_in": _one_of,
    "bits": lambda column, parts: _call(f"({{}} {column.options['operator']} {{}})", *parts),
    "concat_str": _joined,
    "str.contains": _found,
    "str.starts_with": _calling("STARTSWITH({}, {})"),
    "str.ends_with": _calling("ENDSWITH({}, {})"),
    "str.len_chars": _calling("CHAR_LENGTH({})"),
    "str.slice": _sliced,
    "replace_strict": _replaced,
    "list.len": _calling("ARRAY_SIZE({})"),
    "list.min": _calling("ARRAY_MIN({})"),
    "list.max": _calling("ARRAY_MAX({})"),
    "list.contains": _calling("ARRAY_CONTAINS({}, {})"),
    "list.get": _item,
    "dt.year": _date_part("YEAR"),
    "dt.month": _date_part("MONTH"),
    "dt.day": _date_part("DAY"),
    # 1 for Monday; the first of January 1970 was a Thursday.
    "dt.weekday": _calling(f"(PMOD(({{0}} - PMOD({{0}}, {_DAY}L)) DIV {_DAY}L + 3L, 7L) + 1L)"),
    "dt.hour": _clock_part(3_600 * _SECOND, 24),
    "dt.minute": _clock_part(60 * _SECOND, 60),
    "dt.second": _clock_part(_SECOND, 60),
}
