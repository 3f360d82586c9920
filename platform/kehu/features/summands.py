"""Means and shares as the two numbers they are made of, which can be taken on from one run to the next as sums can."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from kehu.features.catalogue import Catalogue, compile_catalogue
from kehu.features.declaration import Declaration
from kehu.features.selection import counting
from kehu.features.tallies import adds_up
from kehu.model.feature_types import FeatureType

_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_WHOLE = FeatureType("integer")


def in_summands(catalogue: Catalogue) -> Catalogue:
    """The features that count events, in place of a mean or share that adds up its `<name> total` and `<name> number`.

    Others stay as they are: a quantile, a mean of reals or of what looks at the event before.
    """
    parted = _parted(catalogue)
    items = [part for item in counting(catalogue) for part in (_parts(item) if item in parted else (item,))]
    return replace(catalogue, declarations=tuple(items))


def from_summands(catalogue: Catalogue, counted: pl.DataFrame) -> pl.DataFrame:
    """What `aggregate` counts for the catalogue, bit for bit, from what it counts for that `in_summands`."""
    parted = _parted(catalogue)
    means = [_mean(item, catalogue.money_digits) for item in parted]
    return counted.with_columns(means).drop(part.info.name for item in parted for part in _parts(item))


def feature_of(summand: str) -> str:
    """The name of the feature that one so named is part of, or is."""
    return summand.partition(" ")[0]


def _parted(catalogue: Catalogue) -> list[Declaration]:
    compiled = compile_catalogue(catalogue, _ANY_INSTANT)
    return [item for item in counting(catalogue) if item.operation in {"mean", "share"} and adds_up(compiled, item)]


def _parts(item: Declaration) -> tuple[Declaration, Declaration]:
    """A count may have what no declared one has: `of`, which events must meet, and a column that must be known."""
    total, number = (replace(item.info, name=f"{item.info.name} {part}", type=_WHOLE) for part in ("total", "number"))
    if item.operation == "mean":
        return replace(item, info=total, operation="sum"), replace(item, info=number, operation="count")
    return replace(item, info=total, operation="count"), replace(item, info=number, operation="count", of=None)


def _mean(item: Declaration, money_digits: int) -> pl.Expr:
    total, number = (pl.col(part.info.name) for part in _parts(item))
    types = item.stream.types(money_digits) if item.stream else {}
    scale = types[item.column].scale if item.column else 0
    return pl.when(number > 0).then(total / (number * 10**scale)).alias(item.info.name)
