"""What was counted at an earlier run, so that a later one counts anew only where something may have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import numpy as np
import polars as pl

from kehu.features.catalogue import Catalogue, CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.features.selection import counting
from kehu.features.tallies import adds_up

# Another number makes all that was counted before unusable: due when the same declaration comes to count otherwise.
_COUNTING = 2


@dataclass(frozen=True, slots=True)
class Counted:
    """`frame` is what `aggregate` gave as of the instant, `fingerprints` says by feature what was asked.

    What was asked was a catalogue `in_summands`.
    """

    as_of: datetime
    fingerprints: Mapping[str, str]
    frame: pl.DataFrame


def fingerprints(catalogue: Catalogue) -> dict[str, str]:
    """By feature that counts events, what tells it from any other that counts something else."""
    return {item.info.name: _fingerprint(item, catalogue.money_digits) for item in counting(catalogue)}


def is_difference(compiled: CompiledCatalogue, item: Declaration) -> bool:
    """Whether a count of all events is that of some of them and that of the others together."""
    return item.operation in {"count", "sum"} and adds_up(compiled, item)


def aligned(frame: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """A row per customer of `customers`, in that order, of nulls where the frame has none; it has a customer once."""
    if frame["customer"].equals(customers):
        return frame
    places = frame.lazy().select("customer", place=pl.int_range(pl.len()))
    whose = customers.alias("customer").to_frame().lazy().join(places, on="customer", how="left", maintain_order="left")
    rows = frame.drop("customer").select(pl.all().gather(whose.collect()["place"]))
    return customers.alias("customer").to_frame().hstack(rows)


def patched(old: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """The rows of `old`, those of `fresh` in place of them where it has the customer.

    Both have the same columns, `customer` first, and no customer twice; all of `fresh` are in `old`, which is in order.
    """
    places = old["customer"].search_sorted(fresh["customer"])
    return old.select(_overwritten(old[name], places, fresh[name]) for name in old.columns)


def _overwritten(column: pl.Series, places: pl.Series, values: pl.Series) -> pl.Series:
    if not column.dtype.is_nested():
        return column.clone().scatter(places, values)
    rows = np.arange(len(column))
    rows[places] = np.arange(len(column), len(column) + len(values))
    return pl.concat([column, values], rechunk=True).gather(pl.Series(rows))


def _fingerprint(item: Declaration, money_digits: int) -> str:
    texts = [None if scalar is None else scalar.text for scalar in (item.where, item.of)]
    asked = (
        *(_COUNTING, pl.__version__, money_digits, item.operation, item.stream and item.stream.name, item.role),
        *(item.column, item.over, item.before, *texts, item.q, item.which),
    )
    return blake2b(repr(asked).encode(), digest_size=16).hexdigest()
