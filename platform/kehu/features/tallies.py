"""What adds up, counted over events in any order: each is added to its customer's number."""

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.passes import Pass
from kehu.features.rows import Rows, instants, numbers
from kehu.features.runs import Truth, Whole
from kehu.features.windows import micros, unless_none
from kehu.model.graph import INSTANT

_SPARSE = 8


def adds_up(compiled: CompiledCatalogue, item: Declaration) -> bool:
    """Whether the feature is made of numbers of events and sums of whole numbers."""
    if item.stream is None:
        return False
    types, derived = item.stream.types(compiled.money_digits), item.stream.derived
    if any(name in derived and derived[name].ordered for name in compiled.named_columns(item)):
        return False
    is_sum = item.operation in {"sum", "mean"} and types[item.column].kind != "float"
    return is_sum or item.operation in {"count", "share"}


def tallied(one: Pass, everyone: pl.Series, events: pl.LazyFrame) -> pl.DataFrame:
    """A row per customer of `everyone`, for features that all add up; events in any order."""
    rows = one.rows(events)
    since = min(one.since(item) for item in one.items)
    if one.stream.at:
        at = pl.col(one.stream.at)
        rows = rows.filter((at.to_physical() > since) & (at <= pl.lit(one.as_of, INSTANT)))
    find = _Finder(everyone)
    tallies = [_Tally(one, item, len(everyone)) for item in one.items]
    for frame in rows.collect_batches(maintain_order=False, engine="streaming"):
        known = Rows(frame, one.stream, one.as_of)
        at_micros = instants(frame[one.stream.at]) if one.stream.at else np.zeros(len(frame), np.int64)
        places = find(frame["customer"].to_numpy())
        for tally in tallies:
            tally.add(known, at_micros, places)
    return pl.DataFrame([tally.told().alias(tally.item.info.name) for tally in tallies])


class _Finder:
    """Customers' places among everyone, -1 of strangers."""

    def __init__(self, everyone: pl.Series) -> None:
        ids = everyone.to_numpy()
        self.order = np.argsort(ids, kind="stable")
        self.ids = ids[self.order]
        least, most = (int(self.ids[0]), int(self.ids[-1])) if len(ids) else (0, -1)
        self.table: Whole | None = None
        # Ids come from a database's sequence and have few holes.
        if least >= 0 and most < _SPARSE * len(ids) + 1_000_000:
            self.table = np.full(most + 2, -1, np.int64)
            self.table[self.ids] = self.order

    def __call__(self, customers: Whole) -> Whole:
        if self.table is not None:
            within = np.where((customers >= 0) & (customers < len(self.table) - 1), customers, len(self.table) - 1)
            return self.table[within]
        place = np.minimum(np.searchsorted(self.ids, customers), max(len(self.ids) - 1, 0))
        found: Whole = np.where(self.ids[place] == customers, self.order[place], -1)
        return found


class _Tally:
    """One feature's numbers so far."""

    def __init__(self, one: Pass, item: Declaration, customers: int) -> None:
        self.one, self.item = one, item
        self.start, self.end = one.since(item), micros(one.as_of - item.before)
        self.number: Whole = np.zeros(customers, np.int64)
        self.total: Whole = np.zeros(customers, np.int64)

    def add(self, rows: Rows, at: Whole, places: Whole) -> None:
        """Add the rows that count."""
        counts: Truth = places >= 0
        if self.one.stream.at:
            counts &= (at > self.start) & (at <= self.end)
        condition = self.one.compiled.conditions.get(self.item.info.name)
        if condition is not None:
            counts &= rows.meets(condition)
        values = self._values(rows)
        if values is not None:
            whole, known = values
            counts = counts if known is None else counts & known
            np.add.at(self.total, places[counts], whole[counts])
        np.add.at(self.number, places[counts], 1)

    def told(self) -> pl.Series:
        """The feature; null where there is none, but 0 of nothing."""
        if self.item.operation in {"count", "sum"}:
            return pl.Series(self.number if self.item.operation == "count" else self.total)
        scale = 0
        if self.item.operation == "mean":
            scale = self.one.stream.types(self.one.compiled.money_digits)[self.item.column].scale
        share: npt.NDArray[np.float64] = self.total / np.maximum(self.number * 10**scale, 1)
        return unless_none(share, self.number)

    def _values(self, rows: Rows) -> tuple[Whole, Truth | None] | None:
        if self.item.operation == "share":
            return rows.meets(self.one.compiled.shares[self.item.info.name]).astype(np.int64), None
        return numbers(rows.column(self.item.column)) if self.item.operation in {"sum", "mean"} else None
