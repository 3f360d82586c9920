"""What was counted at an earlier run, so that a later one counts anew only where something may have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import polars as pl

from kehu.features.catalogue import Catalogue
from kehu.features.declaration import Declaration

# Another number makes all that was counted before unusable: due when the same declaration comes to count otherwise.
_COUNTING = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """`frame` is what `aggregate` gave as of the instant, `fingerprints` says by feature what was asked."""

    as_of: datetime
    fingerprints: Mapping[str, str]
    frame: pl.DataFrame


def counting(catalogue: Catalogue) -> list[Declaration]:
    """The features that count events."""
    return [item for item in catalogue.declarations if item.stream is not None]


def fingerprints(catalogue: Catalogue) -> dict[str, str]:
    """By feature that counts events, what tells it from any other that counts something else."""
    return {item.info.name: _fingerprint(item, catalogue.money_digits) for item in counting(catalogue)}


def patched(old: pl.DataFrame, fresh: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """A row per customer of `customers`, in that order: of `fresh` where it has one, else of `old`, else of nulls.

    Both have the same columns, `customer` first, and a customer once.
    """
    places = (
        customers.alias("customer").to_frame().lazy()
        .join(_placed(old, "old", 0), on="customer", how="left", maintain_order="left")
        .join(_placed(fresh, "fresh", len(old)), on="customer", how="left", maintain_order="left")
        .select("customer", place=pl.coalesce("fresh", "old"))
        .collect()
    )  # fmt: skip
    rows = pl.concat([old, fresh], rechunk=True).drop("customer").select(pl.all().gather(places["place"]))
    return places.select("customer").hstack(rows)


def _placed(frame: pl.DataFrame, name: str, offset: int) -> pl.LazyFrame:
    return frame.lazy().select("customer", (pl.int_range(pl.len()) + offset).alias(name))


def _fingerprint(item: Declaration, money_digits: int) -> str:
    texts = [None if scalar is None else scalar.text for scalar in (item.where, item.of)]
    asked = (
        *(_COUNTING, pl.__version__, money_digits, item.operation, item.stream and item.stream.name, item.role),
        *(item.column, item.over, item.before, *texts, item.q, item.which),
    )
    return blake2b(repr(asked).encode(), digest_size=16).hexdigest()
