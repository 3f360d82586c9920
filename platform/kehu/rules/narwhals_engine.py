"""Other engines through Narwhals: the same columns on DuckDB or, for comparison, on Polars again.

Frames hold instants as whole microseconds since 1970, see `in_microseconds`: engines differ in what they make of
dates, and all of them agree on integers. Year, month and day are asked of a second column without a time zone.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from operator import attrgetter
from typing import Any

import narwhals as nw
import polars as pl

from kehu.rules.columns import Column
from kehu.rules.instants import EPOCH
from kehu.rules.polars_engine import OPERATORS
from kehu.rules.regex import EVERY_SPACE, SPACE
from kehu.rules.values import Refused

_TYPES: Mapping[Any, Any] = {
    pl.Int64: nw.Int64(),
    pl.Int128: nw.Int128(),
    pl.Float64: nw.Float64(),
    pl.String: nw.String(),
}
# Methods that Narwhals has by the same name and with the same meaning.
_SAME = {
    *("is_null", "is_not_null", "abs", "floor", "ceil", "fill_null", "is_in", "is_finite"),
    *("str.len_chars", "str.starts_with", "str.ends_with", "str.to_lowercase", "str.to_uppercase"),
    *("list.len", "list.min", "list.max"),
}
_NAMES = {
    "str.to_lowercase": "'.as_lower'",
    "str.to_uppercase": "'.as_upper'",
    "str.slice": "a position that is not written out",
    "list.contains": "'in' of a feature and a list",
    "bits": "bits of a number",
    **{f"dt.{part}": f"'.{part}' of an instant that is reckoned" for part in ("year", "month", "day")},
}
_HEAVIEST = 5_000
_SECOND = 1_000_000


class Narwhals:
    """An engine by its name; `lacks` are the calls that it answers otherwise than Polars does."""

    def __init__(self, name: str, lacks: frozenset[str] = frozenset()) -> None:
        self.name, self._lacks = name, lacks

    def made(self, column: Column, parts: tuple[Any, ...]) -> Any:
        """Narwhals' expression for the call. Raises Refused for what it or the engine lacks."""
        if column.weight > _HEAVIEST:
            raise Refused("unsupported", f"the condition is too long for {self.name}", "split the rule")
        if column.call in self._lacks:
            raise self._refused(column.call)
        if column.call in OPERATORS:
            return OPERATORS[column.call](*parts)
        if column.call in _SAME:
            owner, *given = parts
            return attrgetter(column.call)(owner)(*given, **column.options)
        make = _MADE.get(column.call)
        expr = None if make is None else make(column, parts)
        if expr is None:
            raise self._refused(column.call)
        return expr

    def _refused(self, call: str) -> Refused:
        name = "the items of a list" if call.startswith("list.") or call == "element" else f"'{call}'"
        said = f"{_NAMES.get(call, name)} cannot be computed exactly on {self.name}"
        return Refused("unsupported", said, "have this rule evaluated by Polars")


# Case folding knows fewer letters there: 'ß' has no capital of two letters, 'Σ' no small letter of its own at the end.
DUCKDB = Narwhals("DuckDB", frozenset({"str.to_lowercase", "str.to_uppercase"}))
POLARS_AGAIN = Narwhals("Polars through Narwhals")


def in_microseconds(features: pl.DataFrame) -> pl.DataFrame:
    """The features with their instants as the engines take them, each with its date in UTC beside it."""
    instants = [name for name, kind in features.schema.items() if isinstance(kind, pl.Datetime)]
    dates = {_date_of(name): pl.col(name).dt.replace_time_zone(None) for name in instants}
    return features.with_columns(**dates).with_columns(pl.col(name).dt.timestamp("us") for name in instants)


def _date_of(instant: str) -> str:
    return f"{instant}.date"


def _literal(_column: Column, parts: tuple[Any, ...]) -> Any:
    return nw.lit(parts[0], dtype=_TYPES.get(parts[1]))


def _cast(_column: Column, parts: tuple[Any, ...]) -> Any:
    """An instant is its microseconds already; what is asked of it is reckoned from them."""
    return parts[0] if parts[1] not in _TYPES else parts[0].cast(_TYPES[parts[1]])


def _choice(_column: Column, parts: tuple[Any, ...]) -> Any:
    return nw.when(parts[0]).then(parts[1]).otherwise(parts[2])


def _found(column: Column, parts: tuple[Any, ...]) -> Any:
    """DuckDB 2.0 finds an empty pattern from the start in empty texts only, unless the start is asked for twice."""
    text, pattern = parts
    if column.options:
        return text.str.contains(pattern, **column.options)
    plain = pattern.replace(SPACE, EVERY_SPACE)
    return text.str.contains(rf"\A{plain}" if plain.startswith(r"\A") else plain)


def _sliced(column: Column, parts: tuple[Any, ...]) -> Any | None:
    """Positions must be constants; None where they are not."""
    edges = [_constant(edge) for edge in column.parts[1:]]
    return None if _UNKNOWN in edges else parts[0].str.slice(*edges)


def _listed(column: Column, parts: tuple[Any, ...]) -> Any | None:
    """Only constants can be looked for; None for the rest."""
    item = _constant(column.parts[1])
    return None if item is _UNKNOWN else parts[0].list.contains(item)


def _replaced(column: Column, parts: tuple[Any, ...]) -> Any:
    """Each value's word; the last one's is taken for whatever is left."""
    *others, (_, expr) = [(value, nw.lit(word)) for value, word in column.parts[1].items()]
    for value, word in others:
        expr = nw.when(parts[0] == value).then(word).otherwise(expr)
    return expr


def _date_part(column: Column, _parts: tuple[Any, ...]) -> Any | None:
    """Year, month or day of a feature or a constant; None for those of a reckoned instant."""
    name = column.call.removeprefix("dt.")
    instant = column.parts[0]
    micros = _constant(instant)
    if micros is not _UNKNOWN:
        return nw.lit(getattr(EPOCH + timedelta(microseconds=micros), name))
    while instant.call == "cast":
        instant = instant.parts[0]
    return getattr(nw.col(_date_of(instant.parts[0])).dt, name)() if instant.call == "col" else None


_UNKNOWN = object()


def _constant(part: Any) -> Any:
    """A constant's value, be it a column's; `_UNKNOWN` for what has none."""
    if not isinstance(part, Column):
        return part
    if part.call == "lit":
        return part.parts[0]
    return _constant(part.parts[0]) if part.call == "cast" else _UNKNOWN


_MADE: Mapping[str, Callable[[Column, tuple[Any, ...]], Any]] = {
    "lit": _literal,
    "col": lambda _column, parts: nw.col(parts[0]),
    "when": _choice,
    "concat_str": lambda _column, parts: nw.concat_str(*parts),
    "cast": _cast,
    "str.contains": _found,
    "str.slice": _sliced,
    "list.contains": _listed,
    "replace_strict": _replaced,
    "dt.year": _date_part,
    "dt.month": _date_part,
    "dt.day": _date_part,
    "dt.hour": lambda _column, parts: parts[0] // (3600 * _SECOND) % 24,
    "dt.minute": lambda _column, parts: parts[0] // (60 * _SECOND) % 60,
    "dt.second": lambda _column, parts: parts[0] // _SECOND % 60,
    # 1 for Monday; the first of January 1970 was a Thursday.
    "dt.weekday": lambda _column, parts: (parts[0] // (86_400 * _SECOND) + 3) % 7 + 1,
}
