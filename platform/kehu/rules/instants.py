"""Instants and durations as whole microseconds; instants are UTC."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from kehu.model.graph import INSTANT
from kehu.rules.columns import Column, lit
from kehu.rules.numbers import integers, whole
from kehu.rules.values import Refused, Value, either, errors_of, known, mapped

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_LONGEST = LAST - FIRST


def literal_instant(value: datetime) -> Value:
    """A constant instant. Refuses an offset other than UTC: its hour and date would be local."""
    if value.utcoffset() != timedelta(0):
        in_utc = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        raise Refused("instant-offset", f"'{value.isoformat()}' is not in UTC", f'write d"{in_utc}"')
    micros = (value - EPOCH) // timedelta(microseconds=1)
    return Value("instant", whole(micros), literal=micros)


def literal_duration(value: timedelta) -> Value:
    """A constant duration of at most ten thousand years."""
    length = value // timedelta(microseconds=1)
    if abs(length) > _LONGEST:
        raise Refused("duration-too-long", f"{value.days} days are longer than all dates", "give a shorter duration")
    return Value("duration", whole(length), bound=abs(length))


def moved(operator: str, left: Value, right: Value) -> Value:
    """`+` or `-` where one side is an instant or a duration; raises past the years 1 to 9999."""
    left, right = known(left, "the left side"), known(right, "the right side")
    kinds = (left.kind, right.kind)
    expr = left.expr + right.expr if operator == "add" else left.expr - right.expr
    error = errors_of(left, right)
    if kinds == ("duration", "duration"):
        bound = left.bound + right.bound
        integers(bound, expr)
        return Value("duration", expr, error=error, bound=bound)
    if kinds == ("instant", "instant") and operator == "sub":
        return Value("duration", expr, error=error, bound=_LONGEST)
    if kinds == ("instant", "duration") or (kinds == ("duration", "instant") and operator == "add"):
        outside = (expr < FIRST) | (expr > LAST)
        return Value("instant", expr, error=either(error, outside))
    sign = "+" if operator == "add" else "-"
    raise Refused("type-mismatch", f"'{sign}' does not go with {left.noun}, {right.noun}")


def instant_attribute(value: Value, name: str) -> Value | None:
    """A part of an instant's UTC date or time; None for names it has none for."""
    if name not in _PARTS:
        return None
    part = _PARTS[name](value.expr.cast(INSTANT), value.expr)
    if name == "weekday":
        return _like(part, value)  # a chain of choices, which is not null of null
    expr = mapped(value, lambda micros: _PARTS[name](micros.cast(INSTANT), micros).expr)
    return _like(replace(part, expr=expr), value)


def duration_attribute(value: Value, name: str) -> Value | None:
    """A part of a duration; days are floored, so a second less than nothing is day -1, second 86399."""
    day = whole(_DAY)
    match name:
        case "days":
            part = Value("number", value.expr // day, bound=_LONGEST // _DAY + 1)
        case "seconds":
            part = Value("number", (value.expr % day) // _SECOND, bound=86_399)
        case "microseconds":
            part = Value("number", value.expr % _SECOND, bound=_SECOND - 1)
        case "total_seconds":
            part = Value("number", value.expr, scale=6, bound=value.bound)
        case _:
            return None
    return _like(part, value)


def _like(part: Value, value: Value) -> Value:
    return replace(part, null=value.null, error=value.error)


def _number(expr: Column, bound: int, scale: int = 0) -> Value:
    return Value("number", expr.cast(pl.Int64), bound=bound, scale=scale)


def _weekday(instant: Column, _micros: Column) -> Value:
    day = instant.dt.weekday().replace_strict(dict(enumerate(WEEKDAYS, 1)), return_dtype=pl.String)
    return Value("string", day, words=WEEKDAYS)


_PARTS: dict[str, Callable[[Column, Column], Value]] = {
    "date": lambda _instant, micros: Value("instant", micros - micros % whole(_DAY)),
    "year": lambda instant, _micros: _number(instant.dt.year(), 9999),
    "month": lambda instant, _micros: _number(instant.dt.month(), 12),
    "day": lambda instant, _micros: _number(instant.dt.day(), 31),
    "hour": lambda _instant, micros: _number(micros // whole(3_600 * _SECOND) % 24, 23),
    "minute": lambda _instant, micros: _number(micros // whole(60 * _SECOND) % 60, 59),
    "second": lambda _instant, micros: _number(micros // whole(_SECOND) % 60, 59),
    "millisecond": lambda _instant, micros: _number(micros % _SECOND, _SECOND - 1, scale=3),
    "microsecond": lambda _instant, micros: _number(micros % _SECOND, _SECOND - 1),
    "weekday": _weekday,
    "to_epoch": lambda _instant, micros: Value("number", micros, scale=6, bound=max(-FIRST, LAST)),
    "zone_name": lambda _instant, _micros: Value("string", lit("UTC"), words=("UTC",)),
}
