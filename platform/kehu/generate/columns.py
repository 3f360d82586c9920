"""Small moves on columns: choose between two, blank some cells, count instants."""

from datetime import date

import numpy as np
import polars as pl

from kehu.generate.dice import Flags, Ints

DAY_SECONDS = 86_400
NO_INSTANT = -(1 << 62)  # seconds standing for "has not happened"


def either(choose_first: Flags, first: pl.Series | str, second: pl.Series | str) -> pl.Series:
    """`first` where the flag is set, else `second`; a text stands for a column of it."""
    flags = pl.Series("flag", choose_first, dtype=pl.Boolean)
    texts = [pl.lit(side) if isinstance(side, str) else side for side in (first, second)]
    return pl.select(pl.when(flags).then(texts[0]).otherwise(texts[1]).alias("chosen")).to_series()


def blank(column: pl.Series, where: Flags) -> pl.Series:
    """The column with nulls where the flag is set."""
    return column.set(pl.Series(where, dtype=pl.Boolean), None)


def instants(seconds: Ints) -> pl.Series:
    """Local times without zone from seconds since 1970-01-01 00:00 local; NO_INSTANT becomes null."""
    column = pl.Series(np.where(seconds == NO_INSTANT, 0, seconds) * 1_000_000, dtype=pl.Int64)
    return blank(column, seconds == NO_INSTANT).cast(pl.Datetime("us"))


def dates(days: Ints) -> pl.Series:
    """Dates from days since 1970-01-01."""
    return pl.Series(days, dtype=pl.Int64).cast(pl.Int32).cast(pl.Date)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days
