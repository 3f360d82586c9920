"""What features count of each customer's events: sums between the places where windows begin and end."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.reductions import different, distinct, greatest, least, quantiles
from kehu.features.rows import Rows, numbers
from kehu.features.runs import NEVER, Runs, Truth, Whole, running
from kehu.rules.compiler import Compiled

_DAY_MICROS = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime) -> int:
    """The instant in whole microseconds, as columns hold it."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


class Windows:
    """Counts features over rows that stand by customer, then instant. What several features need is made once."""

    def __init__(self, compiled: CompiledCatalogue, rows: Rows, runs: Runs) -> None:
        self.compiled, self.rows, self.runs = compiled, rows, runs
        self.truths: dict[tuple[str, ...], Truth | None] = {}
        self.sums: dict[tuple[str, ...], Whole] = {}
        self.places: dict[tuple[str, ...], Whole] = {}

    def counted(self, items: Iterable[Declaration]) -> list[pl.Series]:
        """A column for each feature, a value for each customer; null where there is none, but 0 of nothing."""
        return [self._counted(item).alias(item.info.name) for item in items]

    def _counted(self, item: Declaration) -> pl.Series:
        match item.operation:
            case "count":
                return pl.Series(self._number(item, self._condition(item)))
            case "sum":
                return pl.Series(self._sum(item))
            case "mean" | "share":
                return self._mean(item) if item.operation == "mean" else self._share(item)
            case "first" | "last" | "days_since":
                return self._at_the_end(item)
            case "distinct":
                return pl.Series(distinct(*self._chosen_codes(item)))
            case "list":
                return self._list(item)
            case "quantile":
                return self._quantile(item)
            case _:
                return self._extreme(item)

    # --- Rows that count, as keys under which what is made of them is kept.

    def _condition(self, item: Declaration) -> tuple[str, ...]:
        """All rows that meet the feature's condition."""
        key = (item.where.text if item.where else "",)
        if key not in self.truths:
            condition = self.compiled.conditions.get(item.info.name)
            self.truths[key] = None if condition is None else self._meets(condition)
        return key

    def _known(self, item: Declaration) -> tuple[str, ...]:
        """Those of them where the feature's column is known."""
        key = (*self._condition(item), item.column)
        if key not in self.truths:
            column = self.rows.column(item.column)
            known = column.is_not_null().to_numpy() if column.null_count() else None
            self.truths[key] = _both(self.truths[key[:1]], known)
        return key

    def _meets(self, condition: Compiled) -> Truth | None:
        met = self.rows.meets(condition)
        return None if met.all() else met

    # --- Windows, as places among all rows or among those that count.

    def _window(self, item: Declaration) -> tuple[Whole, Whole]:
        if not item.stream or not item.stream.at:
            return self.runs.starts, self.runs.ends
        end = micros(self.rows.as_of - item.before)
        start = NEVER if item.over is None else micros(self.rows.as_of - item.before - item.over)
        return self.runs.after(start), self.runs.after(end)

    def _between(self, item: Declaration, sums: Whole) -> Whole:
        start, end = self._window(item)
        found: Whole = sums[end] - sums[start]
        return found

    def _number(self, item: Declaration, key: tuple[str, ...]) -> Whole:
        start, end = self._slice(item, key)
        number: Whole = end - start
        return number

    def _slice(self, item: Declaration, key: tuple[str, ...]) -> tuple[Whole, Whole]:
        """Where the feature's window begins and ends among the rows that count."""
        start, end = self._window(item)
        truths = self.truths[key]
        if truths is None:
            return start, end
        if key not in self.sums:
            self.sums[key] = running(truths)
        return self.sums[key][start], self.sums[key][end]

    def _places(self, key: tuple[str, ...]) -> Whole | None:
        """Which rows count; None says all do."""
        truths = self.truths[key]
        if truths is None:
            return None
        if key not in self.places:
            self.places[key] = np.flatnonzero(truths)
        return self.places[key]

    # --- Operations.

    def _sum(self, item: Declaration) -> Whole | np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The exact sum, so that it does not depend on the order of the rows as a sum of floats does.

        Every real column of an event is a number of days in whole microseconds, or a mean of a few whole scores.
        """
        key = self._known(item)
        if not self.rows.column(item.column).dtype.is_float():
            return self._between(item, self._sums(key, item.column, "whole"))
        days = self._between(item, self._sums(key, item.column, "days")).astype(np.float64)
        return days + self._between(item, self._sums(key, item.column, "rest")) / _DAY_MICROS

    def _sums(self, key: tuple[str, ...], name: str, part: str) -> Whole:
        made = (*key, name, part)
        if made not in self.sums:
            values = self._part(name, part)
            truths = self.truths[key]
            self.sums[made] = running(values if truths is None else values * truths)
        return self.sums[made]

    def _part(self, name: str, part: str) -> Whole:
        column = self.rows.column(name)
        if part == "whole":
            return numbers(column)[0]
        values = column.fill_null(0.0).to_numpy()
        whole = np.floor(values)
        found: Whole = (whole if part == "days" else np.rint((values - whole) * _DAY_MICROS)).astype(np.int64)
        return found

    def _mean(self, item: Declaration) -> pl.Series:
        sums = self._sum(item)
        number = self._number(item, self._known(item))
        scale = item.stream.types(self.compiled.money_digits)[item.column].scale if item.stream else 0
        return unless_none(sums / np.maximum(number * 10**scale, 1), number)

    def _share(self, item: Declaration) -> pl.Series:
        key = self._condition(item)
        share = (*key, "share", item.of.text if item.of else "")
        if share not in self.truths:
            self.truths[share] = _both(self.truths[key], self._meets(self.compiled.shares[item.info.name]))
        number = self._number(item, key)
        return unless_none(self._number(item, share) / np.maximum(number, 1), number)

    def _at_the_end(self, item: Declaration) -> pl.Series:
        """The known value of the first or last event; of several at one instant, of the one recorded first or last."""
        is_plain = item.operation == "days_since"
        name = item.stream.at if is_plain and item.stream else item.column
        key = self._condition(item) if is_plain else self._known(item)
        start, end = self._slice(item, key)
        is_first = item.which == "first" if is_plain else item.operation == "first"
        which = start if is_first else end - 1
        places = self._places(key)
        there = end > start
        if places is not None:
            which = places[np.where(there, which, 0)] if len(places) else np.zeros(len(there), np.int64)
        return _words(self.rows.column(name).gather(unless_none(which, there)))

    def _extreme(self, item: Declaration) -> pl.Series:
        column = self._chosen(item)
        start, end = self._slice(item, self._known(item))
        if column.dtype in {pl.String(), pl.Categorical()}:
            words = column.cast(pl.String()).unique().sort()
            ranks = column.cast(pl.String()).rank("dense").cast(pl.Int64()).to_numpy() - 1
            found = (least if item.operation == "min" else greatest)(ranks, start, end)
            return words.gather(unless_none(found, end > start))
        values = column.to_numpy() if column.dtype.is_float() else numbers(column)[0]
        found = (least if item.operation == "min" else greatest)(values, start, end)
        return unless_none(found, end > start).cast(column.dtype)

    def _quantile(self, item: Declaration) -> pl.Series:
        scale = item.stream.types(self.compiled.money_digits)[item.column].scale if item.stream else 0
        values = self._chosen(item).cast(pl.Float64()).to_numpy() / 10**scale
        start, end = self._slice(item, self._known(item))
        return unless_none(quantiles(values, start, end, item.q), end > start)

    def _list(self, item: Declaration) -> pl.Series:
        """Different values in order; a code stands for the first row that has it."""
        codes, start, end = self._chosen_codes(item)
        which, found = different(codes, start, end)
        different_codes, first = np.unique(codes, return_index=True)
        values = _words(self._chosen(item).gather(first))
        pairs = pl.DataFrame({"which": which, "place": np.searchsorted(different_codes, found)})
        lists = (
            pairs.with_columns(value=values.gather(pairs["place"]) if len(values) else values)
            .sort("which", "value")
            .group_by("which", maintain_order=True)
            .agg("value")
        )
        everyone = pl.DataFrame({"which": np.arange(len(start))})
        return everyone.join(lists, on="which", how="left", maintain_order="left")["value"]

    def _chosen(self, item: Declaration) -> pl.Series:
        """The feature's column where it counts and is known."""
        places = self._places(self._known(item))
        column = self.rows.column(item.column)
        return column if places is None else column.gather(places)

    def _chosen_codes(self, item: Declaration) -> tuple[Whole, Whole, Whole]:
        codes, known = self.rows.codes(item.column)
        condition = self._condition(item)
        key = (*condition, item.column)
        if key not in self.truths:
            self.truths[key] = _both(self.truths[condition], known)
        places = self._places(key)
        return (codes if places is None else codes[places], *self._slice(item, key))


def _both(one: Truth | None, other: Truth | None) -> Truth | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def unless_none(values: np.ndarray[tuple[int], np.dtype[np.float64]] | Whole, number: Whole | Truth) -> pl.Series:
    """The values, null where the number is 0."""
    found = pl.DataFrame({"value": values, "number": number})
    return found.select(pl.when(pl.col("number").cast(pl.Boolean())).then("value"))["value"]


def _words(column: pl.Series) -> pl.Series:
    return column.cast(pl.String()) if column.dtype == pl.Categorical() else column
