"""Who really left and when, so that a backtest can tell leaving from silence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.model.problems import Problem, did_you_mean, refuse_errors
from kehu.pipeline.transactions import reading
from kehu.pipeline.truth_files import ACCOUNT, RECORDS, TRUE_ID, Leavers, read_leavers, read_true_records
from kehu.store.reading import read_customers
from kehu.store.record_keys import read_record_keys


@dataclass(frozen=True, slots=True)
class Truth:
    """What became of the customers a file speaks of: `customer`, and `left_at`, null for those who stay."""

    name: str
    outcomes: pl.DataFrame
    notes: tuple[str, ...]


def read_truth(path: Path, engine: Engine, timezone: str) -> Truth:
    """The leavers of a CSV file as customers of the database; whoever the file does not name stays.

    Where it names them by `customer_id`, the file `records.parquet` beside it says which records are whose, and
    customers who have none of these are left out. So are those of whom the file tells two things: identity took the
    records of several for one. Notes count both, and the leavers who are nobody here.

    Raises RefusedError with all that is wrong with the files.
    """
    leavers = read_leavers(path, timezone)
    records = read_true_records(path.parent / RECORDS) if leavers.by == TRUE_ID else None
    with reading(engine) as connection:
        keys, everybody = read_record_keys(connection), read_customers(connection, set())
    if records is None:
        refuse_errors(_unknown_systems(leavers, set(keys["system"].unique())))
        told = keys.join(leavers.frame, on=ACCOUNT, how="inner")
        spoken_of = everybody
    else:
        told = keys.join(records, on=ACCOUNT, how="inner").join(leavers.frame, on=TRUE_ID, how="left")
        spoken_of = told.select("customer").unique()
    by_customer = told.group_by("customer").agg(pl.col("left_at").n_unique().alias("said"), pl.col("left_at").first())
    clear = by_customer.filter(pl.col("said") == 1).select("customer", "left_at")
    unclear = by_customer.filter(pl.col("said") > 1)
    outcomes = (
        spoken_of.join(unclear, on="customer", how="anti").join(clear, on="customer", how="left").sort("customer")
    )
    nobody = leavers.frame.join(told, on=leavers.by, how="anti").height
    counts = (nobody, leavers.frame.height, unclear.height, everybody.height - spoken_of.height)
    return Truth(path.name, outcomes, tuple(_notes(path.name, *counts)))


def _notes(name: str, nobody: int, leavers: int, unclear: int, unknown: int) -> Iterator[str]:
    """What the figures leave out; each is a number of customers."""
    if nobody:
        yield f"unknown here: {nobody:,} of the {leavers:,} in {name}"
    if unclear:
        yield f"customers left out because {name} says two things of their records: {unclear:,}"
    if unknown:
        yield f"customers left out because no record of theirs is in {RECORDS}: {unknown:,}"


def _unknown_systems(leavers: Leavers, known: Iterable[str]) -> Iterator[Problem]:
    for system, place in leavers.systems.items():
        if system not in set(known):
            yield Problem(place, "truth", f"no system '{system}' has customers here", did_you_mean(system, known))
