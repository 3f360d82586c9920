"""What adds up, counted over events in any order: each is added to its customer's number."""

import numpy as np
import polars as pl

from kehu.features.answers import Answers, Finder, Found
from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.edges import since, until
from kehu.features.passes import Pass
from kehu.features.reductions import Truth, Whole
from kehu.features.rows import Reading, Rows
from kehu.model.graph import INSTANT


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
    oldest = min(since(item, one.as_of) for item in one.items)
    if one.stream.at:
        at = pl.col(one.stream.at)
        rows = rows.filter((at.to_physical() > oldest) & (at <= pl.lit(one.as_of, INSTANT)))
    find = Finder(everyone)
    tallies = [_Tally(one, item, len(everyone)) for item in one.items]
    reading = Reading(one.compiled, one.items, one.as_of, rows.collect_schema())
    for frame in rows.collect_batches(maintain_order=False, engine="streaming"):
        known = reading.rows(frame)
        places = find(frame["customer"].to_numpy())
        for tally in tallies:
            tally.add(known, places)
    answers = Answers(everyone)
    answers.add(everyone.to_numpy(), [(tally.item.info.name, tally.told()) for tally in tallies])
    return answers.frame()


class _Tally:
    """One feature's numbers so far."""

    def __init__(self, one: Pass, item: Declaration, customers: int) -> None:
        self.one, self.item = one, item
        self.start, self.end = since(item, one.as_of), until(item, one.as_of)
        self.number: Whole = np.zeros(customers, np.int64)
        self.total: Whole = np.zeros(customers, np.int64)

    def add(self, rows: Rows, places: Whole) -> None:
        """Add the rows that count."""
        counts: Truth = places >= 0
        if self.one.stream.at:
            counts &= (rows.at > self.start) & (rows.at <= self.end)
        parts = [rows.meets(("where", self.item.where.text)) if self.item.where else None]
        values: Whole | None = None
        if self.item.operation in {"sum", "mean"}:
            values = rows.whole(self.item.column)
            parts.append(rows.known(self.item.column))
        elif self.item.operation == "share" and self.item.of is not None:
            met = rows.meets(("of", self.item.of.text))
            values = np.ones(len(rows), np.int64) if met is None else met.astype(np.int64)
        elif self.item.operation == "count":
            parts.append(rows.meets(("of", self.item.of.text)) if self.item.of else None)
            parts.append(rows.known(self.item.column) if self.item.column else None)
        for part in parts:
            counts = counts if part is None else counts & part
        if values is not None:
            np.add.at(self.total, places[counts], values[counts])
        np.add.at(self.number, places[counts], 1)

    def told(self) -> Found:
        """The feature; where there is no event there is none, but 0 of nothing."""
        if self.item.operation in {"count", "sum"}:
            return Found(self.number if self.item.operation == "count" else self.total)
        scale = 0
        if self.item.operation == "mean":
            scale = self.one.stream.types(self.one.compiled.money_digits)[self.item.column].scale
        return Found(self.total / np.maximum(self.number * 10**scale, 1), self.number > 0)
