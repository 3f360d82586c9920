"""What features count of each customer's events between the places where windows begin and end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.answers import Found
from kehu.features.declaration import Declaration
from kehu.features.edges import Edges
from kehu.features.reductions import (
    Reals,
    Truth,
    Whole,
    different,
    distinct,
    ends,
    extremes,
    numbers,
    ranked,
    sums,
)
from kehu.features.rows import Rows, out_of_order
from kehu.model.durations import DAY_MICROS
from kehu.model.feature_types import POLARS_TYPES
from kehu.model.graph import INSTANT

V = TypeVar("V", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Measure:
    """What adds up over rows: of those that meet `where` the number, or the sum of a column.

    A number is of the rows that meet `of` too and where the column is known.
    """

    where: str
    column: str = ""
    of: str | None = None
    is_sum: bool = False


class Spans:
    """What is measured between which edges; the same for all frames of a pass."""

    def __init__(self, items: Iterable[Declaration], edges: Edges, money_digits: int) -> None:
        self.edges, self.money_digits = edges, money_digits
        places: dict[Measure, set[int]] = {}
        for item in items:
            for measure in measures(item):
                places.setdefault(measure, set()).update(edges.window(item))
        self.places = {measure: np.array(sorted(found)) for measure, found in places.items()}

    def scale(self, item: Declaration) -> int:
        """By which power of ten the feature's column is to be divided."""
        return item.stream.types(self.money_digits)[item.column].scale if item.stream else 0


class Windows:
    """Counts features over rows that stand by customer, then instant; row e of `places` has where edge e falls."""

    def __init__(self, rows: Rows, places: Whole, spans: Spans) -> None:
        self.rows, self.places, self.spans = rows, places, spans
        self.masks: dict[Measure, Truth | None] = {}
        self.added: dict[Measure, Whole] = {}

    def counted(self, item: Declaration) -> Found:
        """The feature's values; where there is no event there is none, but 0 of nothing."""
        match item.operation:
            case "count":
                return Found(self._between(item, _counted(item)))
            case "sum":
                return Found(self._sum(item))
            case "mean" | "share":
                return self._mean(item) if item.operation == "mean" else self._share(item)
            case "first" | "last" | "days_since":
                return self._at_the_end(item)
            case "distinct":
                return Found(distinct(*self._slices(item), self.rows.codes(item.column)))
            case "list":
                return self._list(item)
            case "quantile":
                return self._quantile(item)
            case _:
                return self._extreme(item)

    # --- What adds up, kept since features share it.

    def _between(self, item: Declaration, measure: Measure) -> Whole:
        start, end = np.searchsorted(self.spans.places[measure], self.spans.edges.window(item)).tolist()
        if measure not in self.added:
            self.added[measure] = self._added(measure)
        difference: Whole = self.added[measure][end] - self.added[measure][start]
        return difference

    def _added(self, measure: Measure) -> Whole:
        places = self.places[self.spans.places[measure]]
        if not measure.is_sum:
            return numbers(places, self._mask(measure))
        kept = self._mask(Measure(measure.where, measure.column))
        if self.rows.is_truth(measure.column):
            return numbers(places, _both(kept, self.rows.values(measure.column).view(np.bool_)))
        if self.rows.is_real(measure.column):
            return sums(places, kept, _micros(self.rows.values(measure.column).view(np.float64), kept))
        return sums(places, kept, self.rows.whole(measure.column))

    def _mask(self, measure: Measure) -> Truth | None:
        """Which rows count; None says all do."""
        if measure not in self.masks:
            kept = self.rows.meets(("where", measure.where)) if measure.where else None
            if measure.of is not None:
                kept = _both(kept, self.rows.meets(("of", measure.of)))
            if measure.column:
                kept = _both(kept, self.rows.known(measure.column))
            self.masks[measure] = kept
        return self.masks[measure]

    def _slices(self, item: Declaration) -> tuple[Whole, Whole, Truth | None]:
        """The feature's window, and the rows that count in it: where its column is known, if it has one."""
        start, end = self.spans.edges.window(item)
        return self.places[start], self.places[end], self._mask(_known(item))

    # --- Operations.

    def _sum(self, item: Declaration) -> Whole | Reals:
        """The exact sum, so that it does not depend on the order of the rows as a sum of floats does.

        Every real column of an event is a number of days in whole microseconds, or a mean of a few whole scores.
        """
        total = self._between(item, _summed(item))
        return total // DAY_MICROS + (total % DAY_MICROS) / DAY_MICROS if self._is_real(item) else total

    def _mean(self, item: Declaration) -> Found:
        number = self._between(item, _known(item))
        return Found(self._sum(item) / np.maximum(number * 10 ** self.spans.scale(item), 1), number > 0)

    def _share(self, item: Declaration) -> Found:
        number = self._between(item, _where(item))
        return Found(self._between(item, _shared(item)) / np.maximum(number, 1), number > 0)

    def _at_the_end(self, item: Declaration) -> Found:
        """The known value of the first or last event; of several at one instant, of the one recorded first or last."""
        is_days = item.operation == "days_since"
        is_first = item.which == "first" if is_days else item.operation == "first"
        which = ends(*self._slices(item), is_first=is_first)
        if is_days:
            return Found(_picked(self.rows.at, which), which >= 0, INSTANT)
        return self._told(self.rows.column(item.column), which)

    def _told(self, column: pl.Series, which: Whole) -> Found:
        picked = column.gather(np.maximum(which, 0)) if len(column) else column.clear(len(which))
        return Found(picked, which >= 0)

    def _extreme(self, item: Declaration) -> Found:
        is_least = item.operation == "min"
        if item.info.type.kind == "string":
            column = _text(self.rows.column(item.column))
            ranks = column.rank("dense").fill_null(0).cast(pl.Int64()).to_numpy()
            which = extremes(*self._slices(item), ranks, is_least=is_least)
            return self._told(column, which)
        which = extremes(*self._slices(item), self.rows.whole(item.column), is_least=is_least)
        if self._is_span(item):
            return Found(_days(_picked(self.rows.whole(item.column), which)), which >= 0)
        found = _picked(self.rows.values(item.column), which)
        return Found(found, which >= 0, POLARS_TYPES[item.info.type.kind])

    def _quantile(self, item: Declaration) -> Found:
        """Between two values by proportion."""
        found = ranked(*self._slices(item), self.rows.whole(item.column), item.q)
        low, high = (self._as_reals(item, each) for each in found[:2])
        place = item.q * np.maximum(found[2] - 1, 0)
        return Found(low + (high - low) * (place - np.floor(place)), found[2] > 0)

    def _as_reals(self, item: Declaration, numbers: Whole) -> Reals:
        if self._is_span(item):
            return _days(numbers)
        reals = out_of_order(numbers) if self.rows.is_real(item.column) else numbers.astype(np.float64)
        divided: Reals = reals / 10 ** self.spans.scale(item)
        return divided

    def _list(self, item: Declaration) -> Found:
        """Different values in order."""
        which, rows = different(*self._slices(item), self.rows.codes(item.column))
        value = _text(self.rows.column(item.column).gather(rows)).alias("value")
        pairs = pl.DataFrame([pl.Series("which", which), value]).sort("which", "value")
        lists = pairs.group_by("which", maintain_order=True).agg("value")
        everyone = pl.DataFrame({"which": np.arange(self.places.shape[1])})
        return Found(everyone.join(lists, on="which", how="left", maintain_order="left")["value"])

    def _is_real(self, item: Declaration) -> bool:
        return item.stream is not None and item.stream.types(self.spans.money_digits)[item.column].kind == "float"

    def _is_span(self, item: Declaration) -> bool:
        return self._is_real(item) and not self.rows.is_real(item.column)


def measures(item: Declaration) -> list[Measure]:
    """What a feature adds up, if it does."""
    match item.operation:
        case "count":
            return [_counted(item)]
        case "sum":
            return [_summed(item)]
        case "mean":
            return [_summed(item), _known(item)]
        case "share":
            return [_where(item), _shared(item)]
        case _:
            return []


def _where(item: Declaration) -> Measure:
    return Measure(item.where.text if item.where else "")


def _counted(item: Declaration) -> Measure:
    return Measure(_where(item).where, item.column, item.of.text if item.of else None)


def _known(item: Declaration) -> Measure:
    return Measure(_where(item).where, item.column)


def _summed(item: Declaration) -> Measure:
    return Measure(_where(item).where, item.column, is_sum=True)


def _shared(item: Declaration) -> Measure:
    return Measure(_where(item).where, of=item.of.text if item.of else "")


def _both(one: Truth | None, other: Truth | None) -> Truth | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _picked(values: npt.NDArray[V], which: Whole) -> npt.NDArray[V]:
    """The values of those rows, anything where there is none."""
    return values.take(np.maximum(which, 0)) if len(values) else np.resize(values, len(which))


def _days(micros: Whole) -> Reals:
    """As the derived columns have them."""
    days = micros // DAY_MICROS
    found: Reals = days + (micros - days * DAY_MICROS) * (1 / DAY_MICROS)
    return found


def _micros(days: Reals, kept: Truth | None) -> Whole:
    if kept is not None:
        days = np.where(kept, days, 0.0)
    whole = np.floor(days)
    found: Whole = whole.astype(np.int64) * DAY_MICROS + np.rint((days - whole) * DAY_MICROS).astype(np.int64)
    return found


def _text(column: pl.Series) -> pl.Series:
    return column.cast(pl.String()) if column.dtype == pl.Categorical() else column
