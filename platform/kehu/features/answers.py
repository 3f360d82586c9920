"""Features of all customers, put in their places as they are counted, some customers at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.features.lending import series_of
from kehu.features.reductions import Truth, Whole

_SPARSE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A feature's value for each customer, and of whom there is one; None says of all. Texts and lists are a Series."""

    values: pl.Series | npt.NDArray[np.generic]
    there: Truth | None = None
    type: pl.DataType | None = None


class Finder:
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


class Answers:
    """Columns of everyone, in that order; null of those who are in no part."""

    def __init__(self, everyone: pl.Series) -> None:
        self.find, self.many = Finder(everyone), len(everyone)
        # What is told of strangers goes behind everyone's.
        self.seen: Truth = np.zeros(self.many + 1, np.bool_)
        self.columns: dict[str, _Column] = {}

    def add(self, customers: Whole, found: Iterable[tuple[str, Found]]) -> None:
        """The features of these customers, none of whom was in another part."""
        places = self.find(customers)
        self.seen[places] = True
        for name, each in found:
            if name not in self.columns:
                self.columns[name] = _Column(each, self.many)
            self.columns[name].add(places, each)

    def frame(self) -> pl.DataFrame:
        """What was told, null where there is no value."""
        return pl.DataFrame([column.told(self.seen[:-1]).alias(name) for name, column in self.columns.items()])


class _Column:
    """One feature: numbers stand in their places, others are gathered at last."""

    def __init__(self, first: Found, many: int) -> None:
        self.type, self.given = first.type, 0
        self.texts: list[pl.Series] = []
        if isinstance(first.values, pl.Series):
            self.texts.append(first.values.clear())
            self.values: npt.NDArray[np.generic] = np.zeros(many + 1, np.int64)
        else:
            self.values = np.zeros(many + 1, first.values.dtype)
        self.there: Truth | None = None if first.there is None else np.zeros(many + 1, np.bool_)

    def add(self, places: Whole, found: Found) -> None:
        if isinstance(found.values, pl.Series):
            self.values[places] = np.arange(self.given, self.given + len(places))
            self.texts.append(found.values)
            self.given += len(places)
        else:
            self.values[places] = found.values
        if self.there is not None:
            self.there[places] = found.there

    def told(self, seen: Truth) -> pl.Series:
        there = seen if self.there is None else seen & self.there[:-1]
        known = series_of(self.values[:-1], there)
        if self.texts:
            texts = pl.concat(self.texts, rechunk=True).gather(known)
            return texts.cast(pl.String()) if texts.dtype == pl.Categorical() else texts
        return known if self.type is None else known.cast(self.type)
