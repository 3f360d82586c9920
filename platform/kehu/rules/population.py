"""Everybody as one sorted column, so that who holds what is compared place by place, without a join."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kehu.rules.places import Mask, Places, places_of

# Which of some codes each customer has, by its number among them; one more than the last is none.
Standings = npt.NDArray[np.uint16]
# A weight above 2^63 is out of reach for one customer, not for the sum over all.
_SUM = pl.col("weight").cast(pl.Int128).sum()


@dataclass(frozen=True, slots=True)
class Cell:
    """The customers that have one code before and another, or the same, after; None is no code."""

    before: str | None
    after: str | None
    customers: int
    weight: int


@dataclass(frozen=True, slots=True)
class Population:
    """`people` has a row per customer, sorted: `customer` and `weight` (Int64)."""

    people: pl.DataFrame

    def nobody(self) -> Mask:
        """A mask that is true for none."""
        return np.zeros(len(self.people), dtype=np.bool_)

    def holders(self, rows: pl.DataFrame, code: str) -> dict[str, Places]:
        """By the code in that column, the places of its customers; who is not of the population is left out."""
        place, there = places_of(rows["customer"], self.people["customer"])
        placed = rows.select(code, place=place).filter(there)
        return {name: group["place"].to_numpy() for (name,), group in placed.group_by(code)}

    def standings(self, holders: Mapping[str, Places], codes: Sequence[str]) -> Standings:
        """What each customer has of the codes, of which nobody has two."""
        found = np.full(len(self.people), len(codes), dtype=np.uint16)
        for number, code in enumerate(codes):
            if code in holders:
                found[holders[code]] = number
        return found

    def cells(self, before: Standings, after: Standings, codes: Sequence[str]) -> Iterator[Cell]:
        """The matrix of two standings: every pair that somebody has."""
        names = (*codes, None)
        pair = before.astype(np.uint32) * len(names) + after
        counted = self.people.lazy().group_by(pl.Series("pair", pair)).agg(pl.len().alias("customers"), _SUM)
        for key, customers, weight in counted.collect().iter_rows():
            was, now = divmod(key, len(names))
            yield Cell(names[was], names[now], customers, weight)

    def heaviest(self, among: Mask, most: int) -> tuple[int, ...]:
        """Those who weigh most, then by id."""
        found = self.people.filter(pl.Series(among))
        return tuple(found.sort("weight", "customer", descending=[True, False])["customer"].head(most))

    def weight(self, among: Mask) -> int:
        """What they weigh together."""
        return int(self.people.filter(pl.Series(among)).select(_SUM).item())


def population(weights: pl.DataFrame) -> Population:
    """Of `customer` and `weight` in any order."""
    return Population(weights.select("customer", "weight").sort("customer"))
