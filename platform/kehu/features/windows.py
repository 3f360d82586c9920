"""What features count of each customer's events: sums between the places where windows begin and end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.declaration import Declaration
from kehu.features.reductions import different, distinct, greatest, least, quantiles
from kehu.features.rows import Reals, Rows
from kehu.features.runs import NEVER, Runs, Truth, Whole, running
from kehu.model.feature_types import POLARS_TYPES
from kehu.model.graph import INSTANT

_DAY_MICROS = 86_400_000_000
_KEPT = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = tuple[str, ...]
V = TypeVar("V", bound=np.generic)


def micros(instant: datetime) -> int:
    """The instant in whole microseconds, as columns hold it."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A feature's value for each customer, and of whom there is one; None says of all."""

    values: pl.Series | Whole | Reals | Truth
    there: Truth | None = None
    type: pl.DataType | None = None


class Windows:
    """Counts features over rows that stand by customer, then instant. What several features need is made once."""

    def __init__(self, rows: Rows, runs: Runs, as_of: datetime, money_digits: int) -> None:
        self.rows, self.runs, self.as_of, self.money_digits = rows, runs, as_of, money_digits
        self.truths: dict[Key, Truth | None] = {}
        self.made: dict[Key, Whole] = {}

    def counted(self, item: Declaration) -> Found:
        """The feature's values; where there is no event there is none, but 0 of nothing."""
        match item.operation:
            case "count":
                return Found(self._number(item, self._condition(item)))
            case "sum":
                return Found(self._sum(item))
            case "mean" | "share":
                return self._mean(item) if item.operation == "mean" else self._share(item)
            case "first" | "last" | "days_since":
                return self._at_the_end(item)
            case "distinct":
                return Found(distinct(self._chosen(item, self.rows.codes(item.column)), *self._slice_known(item)))
            case "list":
                return self._list(item)
            case "quantile":
                return self._quantile(item)
            case _:
                return self._extreme(item)

    # --- Rows that count, as keys under which what is made of them is kept.

    def _condition(self, item: Declaration) -> Key:
        """All rows that meet the feature's condition."""
        key = (item.where.text if item.where else "",)
        if key not in self.truths:
            self.truths[key] = self.rows.meets(("where", item.where.text)) if item.where else None
        return key

    def _known(self, item: Declaration) -> Key:
        """Those of them where the feature's column is known."""
        key = (*self._condition(item), item.column)
        if key not in self.truths:
            self.truths[key] = _both(self.truths[key[:1]], self.rows.known(item.column))
        return key

    # --- Windows, as places among all rows or among those that count.

    def _window(self, item: Declaration) -> tuple[Whole, Whole]:
        if not item.stream or not item.stream.at:
            return self.runs.starts, self.runs.ends
        end = micros(self.as_of - item.before)
        start = NEVER if item.over is None else micros(self.as_of - item.before - item.over)
        return self.runs.after(start), self.runs.after(end)

    def _between(self, item: Declaration, sums: Whole) -> Whole:
        start, end = self._window(item)
        return sums.take(end) - sums.take(start)

    def _number(self, item: Declaration, key: Key) -> Whole:
        start, end = self._slice(item, key)
        return end - start

    def _slice(self, item: Declaration, key: Key) -> tuple[Whole, Whole]:
        """Where the feature's window begins and ends among the rows that count."""
        start, end = self._window(item)
        truths = self.truths[key]
        if truths is None:
            return start, end
        sums = self._kept(key, lambda: running(truths))
        return sums.take(start), sums.take(end)

    def _slice_known(self, item: Declaration) -> tuple[Whole, Whole]:
        return self._slice(item, self._known(item))

    def _places(self, key: Key) -> Whole | None:
        """Which rows count; None says all do."""
        truths = self.truths[key]
        if truths is None:
            return None
        return self._kept((*key, "places"), lambda: np.flatnonzero(truths))

    def _kept(self, key: Key, make: Callable[[], Whole]) -> Whole:
        """What was made for features just counted: memory that is used again stays near the processor."""
        found = self.made.pop(key, None)
        if found is None:
            found = make()
        self.made[key] = found
        while len(self.made) > _KEPT:
            del self.made[next(iter(self.made))]
        return found

    # --- Operations.

    def _sum(self, item: Declaration) -> Whole | Reals:
        """The exact sum, so that it does not depend on the order of the rows as a sum of floats does.

        Every real column of an event is a number of days in whole microseconds, or a mean of a few whole scores.
        """
        sums = self._between(item, self._sums(item))
        if not self.rows.is_real(item.column):
            return sums
        return sums // _DAY_MICROS + (sums % _DAY_MICROS) / _DAY_MICROS

    def _sums(self, item: Declaration) -> Whole:
        known = self._known(item)
        truths = self.truths[known]

        def sums() -> Whole:
            values = self._whole(item.column)
            return running(values if truths is None else values * truths)

        return self._kept((*known, "sums"), sums)

    def _whole(self, name: str) -> Whole | Truth:
        """The column in whole numbers, of days their microseconds."""
        if not self.rows.is_real(name):
            return self.rows.values(name)
        values = self.rows.reals(name)
        days = np.floor(values)
        micros: Whole = days.astype(np.int64) * _DAY_MICROS + np.rint((values - days) * _DAY_MICROS).astype(np.int64)
        return micros

    def _mean(self, item: Declaration) -> Found:
        number = self._number(item, self._known(item))
        return Found(self._sum(item) / np.maximum(number * 10 ** self._scale(item), 1), number > 0)

    def _scale(self, item: Declaration) -> int:
        return item.stream.types(self.money_digits)[item.column].scale if item.stream else 0

    def _share(self, item: Declaration) -> Found:
        key, of = self._condition(item), item.of.text if item.of else ""
        share = (*key, "share", of)
        if share not in self.truths:
            self.truths[share] = _both(self.truths[key], self.rows.meets(("of", of)))
        number = self._number(item, key)
        return Found(self._number(item, share) / np.maximum(number, 1), number > 0)

    def _at_the_end(self, item: Declaration) -> Found:
        """The known value of the first or last event; of several at one instant, of the one recorded first or last."""
        is_days = item.operation == "days_since"
        key = self._condition(item) if is_days else self._known(item)
        start, end = self._slice(item, key)
        there = end > start
        is_first = item.which == "first" if is_days else item.operation == "first"
        which = np.where(there, start if is_first else end - 1, 0)
        places = self._places(key)
        if not there.any():
            which = np.empty(0, np.int64)
        elif places is not None:
            which = places.take(which)
        return self._picked(item, which, there)

    def _picked(self, item: Declaration, which: Whole, there: Truth) -> Found:
        """The values of those rows, one for each customer of whom there is one, or of nobody."""
        if item.operation == "days_since":
            return Found(self.runs.at[which] if len(which) else np.zeros(len(there), np.int64), there, INSTANT)
        column = self.rows.column(item.column)
        picked = column.gather(which) if len(which) else column.clear(len(there))
        return Found(_text(picked), there)

    def _extreme(self, item: Declaration) -> Found:
        start, end = self._slice_known(item)
        reduce = least if item.operation == "min" else greatest
        if item.info.type.kind != "string":
            found: Whole | Reals
            if self.rows.is_real(item.column):
                found = reduce(self._chosen(item, self.rows.reals(item.column)), start, end)
            else:
                found = reduce(self._chosen(item, self.rows.values(item.column).astype(np.int64)), start, end)
            return Found(found, end > start, POLARS_TYPES[item.info.type.kind])
        column = _text(self.rows.column(item.column))
        words = column.drop_nulls().unique().sort()
        ranks = (column.rank("dense").fill_null(1) - 1).cast(pl.Int64()).to_numpy()
        found = reduce(self._chosen(item, ranks), start, end)
        return Found(words.gather(found) if len(words) else column.clear(len(found)), end > start)

    def _quantile(self, item: Declaration) -> Found:
        values = self._chosen(item, self.rows.reals(item.column)) / 10 ** self._scale(item)
        start, end = self._slice_known(item)
        return Found(quantiles(values, start, end, item.q), end > start)

    def _list(self, item: Declaration) -> Found:
        """Different values in order; a code stands for the first row that has it."""
        codes = self._chosen(item, self.rows.codes(item.column))
        which, found = different(codes, *self._slice_known(item))
        every, first = np.unique(codes, return_index=True)
        places = self._places(self._known(item))
        values = _text(self.rows.column(item.column).gather(first if places is None else places[first]))
        value = values.gather(np.searchsorted(every, found)).alias("value")
        pairs = pl.DataFrame([pl.Series("which", which), value]).sort("which", "value")
        lists = pairs.group_by("which", maintain_order=True).agg("value")
        everyone = pl.DataFrame({"which": np.arange(len(self.runs.starts))})
        return Found(everyone.join(lists, on="which", how="left", maintain_order="left")["value"])

    def _chosen(self, item: Declaration, values: npt.NDArray[V]) -> npt.NDArray[V]:
        """The values where they count and are known."""
        places = self._places(self._known(item))
        return values if places is None else values.take(places)


def series(found: Iterable[tuple[str, Found]]) -> pl.DataFrame:
    """The features as columns, null where there is no value."""
    columns: dict[str, pl.Series] = {}
    told: list[pl.Expr] = []
    for name, each in found:
        columns[name] = pl.Series(name, each.values)
        value = pl.col(name)
        if each.there is not None:
            columns[f"{name} there"] = pl.Series(each.there)
            value = pl.when(pl.col(f"{name} there")).then(value)
        told.append((value if each.type is None else value.cast(each.type)).alias(name))
    return pl.DataFrame(columns).select(told)


def _both(one: Truth | None, other: Truth | None) -> Truth | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _text(column: pl.Series) -> pl.Series:
    return column.cast(pl.String()) if column.dtype == pl.Categorical() else column
