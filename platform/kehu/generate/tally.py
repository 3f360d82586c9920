"""What is true of each customer after all parcels have gone by."""

from datetime import date

import numpy as np
import polars as pl

from kehu.generate import places
from kehu.generate.calendar import SEASONS
from kehu.generate.columns import blank, dates, day_number
from kehu.generate.dice import Flags, Ints
from kehu.generate.naming import CLEAN, VARIANTS, Directory
from kehu.generate.parcels import Parcels
from kehu.generate.population import KIND_NAMES, NEVER, ROLE_NAMES, SIZE_NAMES, Population

_UNSEEN = -1


class Tally:
    """Counts parcels sent and received, first and last day, and under which names each customer appeared."""

    def __init__(self, customers: int) -> None:
        self.sent: Ints = np.zeros(customers, dtype=np.int64)
        self.received: Ints = np.zeros(customers, dtype=np.int64)
        self.first_day: Ints = np.full(customers, _UNSEEN, dtype=np.int64)
        self.last_day: Ints = np.full(customers, _UNSEEN, dtype=np.int64)
        self.appeared: Flags = np.zeros(customers * VARIANTS, dtype=np.bool_)

    def add(self, parcels: Parcels) -> None:
        """Count one block; blocks come in order of days."""
        customers = self.sent.size
        self.sent += np.bincount(parcels.sender, minlength=customers)
        self.received += np.bincount(parcels.receiver, minlength=customers)
        self.last_day[parcels.sender] = parcels.day  # days ascend and the last assignment stays
        backwards = slice(None, None, -1)
        is_new = self.first_day[parcels.sender] == _UNSEEN
        self.first_day[parcels.sender[is_new][backwards]] = parcels.day[is_new][backwards]
        self.appeared[parcels.sender * VARIANTS + parcels.sender_variant] = True
        self.appeared[parcels.receiver * VARIANTS + parcels.receiver_variant] = True


def customer_ids(customer: Ints) -> pl.Series:
    """The true id of each customer: T and eight digits."""
    return "T" + pl.Series(customer + 1).cast(pl.String).str.zfill(8)


def true_customers(population: Population, directory: Directory, tally: Tally, first: date) -> pl.DataFrame:
    """One row per true customer. `churned_at` is the local midnight from which it shipped nothing or a trickle.

    It is null for those who stay, and for those who never shipped.
    """
    everyone = np.arange(population.customers)
    origin = day_number(first)
    stays = (population.churn == NEVER) | (tally.sent == 0)
    churned = dates(np.where(stays, 0, population.churn) + origin).cast(pl.Datetime("us"))
    return pl.DataFrame(
        {
            "customer_id": customer_ids(everyone),
            "kind": pl.Series(KIND_NAMES).gather(population.kind),
            "name": directory.name(everyone, CLEAN),
            "role": pl.Series(ROLE_NAMES).gather(population.role),
            "size": pl.Series(SIZE_NAMES).gather(population.size),
            "province": places.PROVINCES.gather(population.city),
            "city": places.NAMES.gather(population.city),
            "is_project": population.is_project,
            "is_seasonal": population.demand_class % SEASONS > 0,
            "shipments_sent": tally.sent,
            "shipments_received": tally.received,
            "first_sent_on": blank(dates(tally.first_day + origin), tally.sent == 0),
            "last_sent_on": blank(dates(tally.last_day + origin), tally.sent == 0),
            "churned_at": blank(churned, stays),
            "keeps_trickle": population.trickle > 0,
        }
    )


def leavers(customers: pl.DataFrame) -> pl.DataFrame:
    """Those who left, in order of leaving."""
    return (
        customers.filter(pl.col("churned_at").is_not_null())
        .select(
            "customer_id",
            "name",
            "size",
            churned_on=pl.col("churned_at").dt.date(),
            leaves_a_trickle=pl.col("keeps_trickle"),
            last_sent_on="last_sent_on",
            shipments_sent="shipments_sent",
        )
        .sort("churned_on", "customer_id")
    )
