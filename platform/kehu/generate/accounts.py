"""The account numbers a department gave out, some customers having two."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate.dice import Flags, Ints, chance, stream
from kehu.generate.population import Population

_TWICE_SHARE = 0.04
_DIGITS = 8


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
    """Every customer known to sales gets an account, 4 % get a second."""
    known = np.flatnonzero(population.in_crm)
    return numbered(known, population.customers, stream(seed, "accounts"), second=_TWICE_SHARE, prefix="C")


def numbered(owners: Ints, customers: int, rng: np.random.Generator, *, second: float, prefix: str) -> Accounts:
    """An account for each owner and a second for a share; numbers in random order say nothing about the customer.

    A number is the prefix and eight digits counting from 1.
    """
    again = owners[chance(rng, owners.size, second)]
    everyone = np.concatenate((owners, again))
    place = rng.permutation(everyone.size)
    first_of, second_of = (np.full(customers, -1, dtype=np.int64) for _ in range(2))
    first_of[owners], second_of[again] = place[: owners.size], place[owners.size :]
    in_order = np.empty_like(everyone)
    in_order[place] = everyone
    number = prefix + pl.Series(np.arange(1, everyone.size + 1)).cast(pl.String).str.zfill(_DIGITS)
    return Accounts(in_order, number, first_of, second_of)
