"""The account numbers the sales department gave out, some customers having two."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate.dice import Flags, Ints, chance, stream
from kehu.generate.population import Population

_TWICE_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Accounts:
    """`owner` is the customer of each account, `number` its text, in file order.

    `first` and `second` give each customer's accounts, -1 for none; the second is a duplicate somebody opened later.
    """

    owner: Ints
    number: pl.Series
    first: Ints
    second: Ints

    @property
    def is_duplicate(self) -> Flags:
        """Set for an account that is its owner's second."""
        is_second: Flags = self.second[self.owner] == np.arange(self.owner.size)
        return is_second


def open_accounts(population: Population, seed: int) -> Accounts:
    """Every customer known to sales gets an account, 4 % get a second; the numbers say nothing about the customer."""
    rng = stream(seed, "accounts")
    known = np.flatnonzero(population.in_crm)
    again = known[chance(rng, known.size, _TWICE_SHARE)]
    owner = np.concatenate((known, again))
    place = rng.permutation(owner.size)
    first, second = (np.full(population.customers, -1, dtype=np.int64) for _ in range(2))
    first[known], second[again] = place[: known.size], place[known.size :]
    in_order = np.empty_like(owner)
    in_order[place] = owner
    number = "C" + pl.Series(np.arange(1, owner.size + 1)).cast(pl.String).str.zfill(8)
    return Accounts(in_order, number, first, second)
