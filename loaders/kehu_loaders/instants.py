"""Conversion of local dates and times to UTC instants."""

from datetime import time

import polars as pl

from kehu.model.graph import INSTANT
from kehu.sources.dates import has_offset, has_time
from kehu_loaders.conversion import Conversion

_ISO = "%Y-%m-%d %H:%M:%S%.f"
_ISO_OFFSET = "%Y-%m-%d %H:%M:%S%.f%z"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
_LOCAL = pl.Datetime("us")
# 24 read as the year 24, 1900-01-01 for nothing, 9999-12-31 for ever: none of them is when something happened.
_FIRST_YEAR, _LAST_YEAR = 1901, 2199
_YEARS = (
    f"its year is not within {_FIRST_YEAR} to {_LAST_YEAR}: mend the cell, write %y under 'date' if the year has"
    " two digits, or list it under 'missing' if it means unknown"
)


def instant(
    cell: pl.Expr, dtype: pl.DataType, text: pl.Expr, how: tuple[tuple[str, ...], time | None, str]
) -> Conversion:
    """UTC instants by date formats tried in order, a time of day for dates without, and the zone of the clocks.

    ISO 8601 is understood after the formats. A date is the start of its day, unless a time of day is given.
    Where the clocks are put back and a local time comes twice, it is the earlier; where they are put
    forward and it never comes, it does not fit.
    """
    dates, at, zone = how
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return Conversion(_plausible(cell.cast(INSTANT)), text, pl.lit(_YEARS))
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        local, absolute = _at(cell.cast(_LOCAL), at), None
    elif dtype == pl.String:
        local, absolute = _local(text, dates, at), _absolute(text, dates)
    else:
        local, absolute = pl.lit(None, _LOCAL), None
    instants = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    value = instants if absolute is None else pl.coalesce(instants, absolute)
    return Conversion(_plausible(value.cast(INSTANT)), text, _reason(local, value, dates, zone))


def _plausible(value: pl.Expr) -> pl.Expr:
    return pl.when(value.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)).then(value)


def _local(text: pl.Expr, dates: tuple[str, ...], at: time | None) -> pl.Expr:
    declared = [_parse(text, date_format, at) for date_format in dates if not has_offset(date_format)]
    return pl.coalesce(*declared, pl.lit(None, _LOCAL) if _clashes(dates) else _iso_local(text, at))


def _parse(text: pl.Expr, date_format: str, at: time | None) -> pl.Expr:
    parsed = text.str.to_datetime(_chrono(date_format), strict=False, time_unit="us")
    return parsed if has_time(date_format) else _at(parsed, at)


def _absolute(text: pl.Expr, dates: tuple[str, ...]) -> pl.Expr:
    declared = [
        text.str.to_datetime(_chrono(date_format), strict=False, time_unit="us", time_zone="UTC")
        for date_format in dates
        if has_offset(date_format)
    ]
    with_offset = pl.when(text.str.contains(_OFFSET)).then(_spaced(text).str.replace("Z$", "+00:00"))
    full = with_offset.str.replace(r"^(.{10} \d{2}:\d{2})([+-])", "$1:00$2")
    return pl.coalesce(*declared, full.str.to_datetime(_ISO_OFFSET, strict=False, time_unit="us", time_zone="UTC"))


def _iso_local(text: pl.Expr, at: time | None) -> pl.Expr:
    length = text.str.len_chars()
    full = (
        pl.when(length == len("2024-01-31"))
        .then(text + " 00:00:00")
        .when(length == len("2024-01-31 08:00"))
        .then(_spaced(text) + ":00")
        .otherwise(_spaced(text))
    )
    return _at(full.str.to_datetime(_ISO, strict=False, time_unit="us"), at)


def _spaced(text: pl.Expr) -> pl.Expr:
    return text.str.replace(r"^(\d{4}-\d{2}-\d{2})T", "$1 ")


def _at(local: pl.Expr, at: time | None) -> pl.Expr:
    """The local time, with midnight (a date alone) moved to `at`."""
    if at is None:
        return local
    return pl.when(local.dt.time() == time()).then(local.dt.combine(at)).otherwise(local)


def _clashes(dates: tuple[str, ...]) -> bool:
    """Whether a format puts the day where ISO 8601 has the month, so that ISO would misread its cells."""
    return any(date_format.startswith("%Y-%d") for date_format in dates)


def _chrono(date_format: str) -> str:
    return date_format.replace(".%f", "%.f")


def _reason(local: pl.Expr, value: pl.Expr, dates: tuple[str, ...], zone: str) -> pl.Expr:
    forms = ", ".join(f"'{date_format}'" for date_format in dates) or "such as '2024-01-31 08:00:00'"
    skipped = f"this local time never came in {zone}, the clocks were put forward: mend the cell, or 'timezone'"
    return (
        pl.when(value.is_not_null())
        .then(pl.lit(_YEARS))
        .when(local.is_not_null())
        .then(pl.lit(skipped))
        .otherwise(pl.lit(f"not a date of the form {forms}: mend the cell, or add its form under 'date'"))
    )
