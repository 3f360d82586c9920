"""Who receives a shipper's parcels: a circle of its own, near ones first, out of the carrier's customers."""

from dataclasses import dataclass

import numpy as np

from kehu.generate import places
from kehu.generate.calendar import PERSON
from kehu.generate.dice import Floats, Ints, scatter, stream
from kehu.generate.population import POTENTIAL, PROSPECT, RECEIVER, Population

_SPREADS = np.array([6.0, 40.0, 2.0])  # how many receivers, by kind of shipper
_SIZE_SPREADS = np.array([1.0, 1.0, 4.0, 20.0])
_LOCAL_OF_8 = 2  # of eight receivers, so many live in the shipper's city
_RECEIVER_TICKETS, _PERSON_TICKETS = 4, 2


@dataclass(frozen=True, slots=True)
class Circles:
    """The pool of receivers, ordered by city; `first` and `count` give each city's part. Spread is per customer."""

    pool: Ints
    first: Ints
    count: Ints
    spread: Floats
    city: Ints
    seed: int

    def receivers(self, sender: Ints, rng: np.random.Generator) -> Ints:
        """One receiver for each parcel; the same few come again and again, the more so for small shippers."""
        which = rng.exponential(self.spread[sender]).astype(np.int64)
        mixed = scatter(sender, which + self.seed % 1_000_003 * 1_000)
        city = self.city[sender]
        is_local = (mixed & np.uint64(7)) < np.uint64(_LOCAL_OF_8)
        is_local &= self.count[city] > 0
        first = np.where(is_local, self.first[city], 0)
        count = np.where(is_local, self.count[city], self.pool.size).astype(np.uint64)
        place = first + ((mixed >> np.uint64(8)) % count).astype(np.int64)
        receiver = self.pool[place]
        other = self.pool[(place + 1) % self.pool.size]
        chosen: Ints = np.where(receiver == sender, other, receiver)
        return chosen


def circles(population: Population, seed: int) -> Circles:
    """Everyone but prospects and potentials receives; private persons more than firms, mere receivers most."""
    tickets = np.where(population.kind == PERSON, _PERSON_TICKETS, 1)
    tickets[population.role == RECEIVER] = _RECEIVER_TICKETS
    tickets[(population.role == PROSPECT) | (population.role == POTENTIAL)] = 0
    pool = np.repeat(np.arange(population.customers), tickets)
    stream(seed, "receivers").shuffle(pool)
    pool = pool[np.argsort(population.city[pool], kind="stable")]
    count = np.bincount(population.city[pool], minlength=len(places.CITIES))
    spread = _SPREADS[population.kind] * _SIZE_SPREADS[population.size]
    return Circles(pool, np.cumsum(count) - count, count, spread, population.city, seed)
