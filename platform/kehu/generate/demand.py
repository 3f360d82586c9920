"""Who ships on which day: exactly the asked number of waybills, in order of days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from kehu.generate.calendar import HISTORY_DAYS, demand_factors
from kehu.generate.dice import BLOCK_ROWS, Floats, Ints, stream
from kehu.generate.population import DECLINE_DAYS, NEVER, Population

_LOWEST_SHARE = 0.3  # of its rate, what a leaver still ships just before its last day


@dataclass(frozen=True, slots=True)
class Handovers:
    """One block of parcels handed over: the day and the sender of each, days ascending."""

    number: int
    day: Ints
    sender: Ints


def handovers(
    population: Population, first: date, shipments: int, seed: int, rows: int = BLOCK_ROWS
) -> Iterator[Handovers]:
    """All parcels in blocks of `rows`, the last block shorter; who ships when does not depend on `rows`."""
    days: list[Ints] = []
    senders: list[Ints] = []
    waiting = number = 0
    for day, sender in _daily(population, first, shipments, seed):
        days.append(np.full(sender.size, day, dtype=np.int64))
        senders.append(sender)
        waiting += sender.size
        while waiting >= rows:
            all_days, all_senders = np.concatenate(days), np.concatenate(senders)
            yield Handovers(number, all_days[:rows], all_senders[:rows])
            days, senders = [all_days[rows:]], [all_senders[rows:]]
            waiting -= rows
            number += 1
    if waiting:
        yield Handovers(number, np.concatenate(days), np.concatenate(senders))


def _daily(population: Population, first: date, shipments: int, seed: int) -> Iterator[tuple[int, Ints]]:
    shippers = np.flatnonzero(population.ships)
    weights = _weights_of(population, shippers, demand_factors(first, HISTORY_DAYS))
    totals = np.array([weights(day).sum() for day in range(HISTORY_DAYS)])
    counts = stream(seed, "days").multinomial(shipments, totals / totals.sum())
    for day in np.flatnonzero(counts):
        rng = stream(seed, "senders", int(day))
        bounds = np.cumsum(weights(int(day)))
        drawn = np.sort(rng.random(counts[day])) * bounds[-1]
        sender = shippers[np.searchsorted(bounds, drawn, side="right").clip(max=shippers.size - 1)]
        rng.shuffle(sender)
        yield int(day), sender


def _weights_of(population: Population, shippers: Ints, factors: Floats) -> Callable[[int], Floats]:
    """How much each shipper tends to ship on a day; shares, not counts."""
    rate = population.rate[shippers]
    growth = np.log(population.trend[shippers])
    start = population.start[shippers]
    demand_class = population.demand_class[shippers]
    leavers = np.flatnonzero(population.churn[shippers] != NEVER)
    churn = population.churn[shippers[leavers]]
    trickle = population.trickle[shippers[leavers]]

    def weights(day: int) -> Floats:
        volume: Floats = rate * np.exp(growth * (day - HISTORY_DAYS / 2))
        volume *= factors[day][demand_class] * (start <= day)
        left = churn - day
        volume[leavers] *= np.where(left > 0, np.clip(left / DECLINE_DAYS, _LOWEST_SHARE, 1.0), trickle)
        return volume

    return weights
