"""What other rules of identity would do: who would merge or part, by which key, and which values would change."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from kehu.identity.golden import Golden
from kehu.identity.rules import GOLDEN_FIELDS, IdentityRules

_SAMPLES = 10
_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Side:
    """Customers by one file of rules: `customers` (id of a record, uid), their golden records, and all keys."""

    customers: pl.DataFrame
    golden: Golden
    keys: pl.DataFrame
    rules: IdentityRules


@dataclass(frozen=True, slots=True)
class Named:
    """A customer as the side knows it that has it."""

    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class Regrouping:
    """Customers that would be one, or one that would be several; `one` is on the side where it is one.

    `key` is the strongest rule that joins records of two of them and `value` what these share by it; both None where
    no key does, because people decided it.
    """

    one: Named
    several: tuple[Named, ...]
    key: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of a customer that would be another, and the rule that would choose it."""

    customer: Named
    field: str
    before: str | None
    now: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class IdentityDifference:
    """`merged`: customers that would go into others. `parted`: customers that would be several.

    `values` counts by field the values that would change, of customers that both sides have. The samples are those of
    the most customers, then by uid.
    """

    customers_before: int
    customers_now: int
    merged: int
    parted: int
    values: Mapping[str, int]
    merges: tuple[Regrouping, ...]
    partings: tuple[Regrouping, ...]
    value_samples: tuple[ValueChange, ...]


def compare_identity(before: Side, now: Side) -> IdentityDifference:
    """Exact counts over all customers of two sides that have the same records."""
    was, will = before.customers.rename({"uid": "was"}), now.customers.rename({"uid": "will"})
    both = was.join(will, on="id")
    pairs = both.select("was", "will").unique()
    gathered = _several(pairs, "will", "was")
    scattered = _several(pairs, "was", "will")
    changes = {field: _changes(before.golden, now.golden, field) for field in GOLDEN_FIELDS}
    return IdentityDifference(
        before.golden.records.height,
        now.golden.records.height,
        int((gathered["several"].list.len() - 1).sum()),
        len(scattered),
        {field: len(found) for field, found in changes.items() if len(found)},
        _regroupings(gathered, both, ("will", "was"), (now, before)),
        _regroupings(scattered, both, ("was", "will"), (before, now)),
        tuple(each for field, found in changes.items() for each in _samples(found, field, now.golden)),
    )


def _several(pairs: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    """Columns one, several: those of one side that are several on the other, the most first."""
    grouped = pairs.group_by(pl.col(one).alias("one")).agg(several=pl.col(other).sort())
    count = pl.col("several").list.len()
    return grouped.filter(count > 1).sort(count, "one", descending=[True, False])


def _regroupings(
    found: pl.DataFrame, both: pl.DataFrame, names: tuple[str, str], sides: tuple[Side, Side]
) -> tuple[Regrouping, ...]:
    """The first of them in words; the first of `names` and `sides` is where each is one customer."""
    shown = found.head(_SAMPLES)
    members = both.select("id", one=names[0], other=names[1]).join(shown.select("one"), on="one", how="semi")
    borne = sides[0].keys.join(members, on="id")
    shared = borne.filter(pl.col("other").n_unique().over("one", "rule", "key") > 1).sort("one", "rule", "key")
    evidence = {one: (rule, key) for one, rule, key in shared.select("one", "rule", "key").reverse().iter_rows()}
    codes = ["source", *(rule.code for rule in sides[0].rules.keys)]
    called = [
        _called(side.golden, uids) for side, uids in ((sides[0], shown["one"]), (sides[1], shown["several"].explode()))
    ]
    regroupings = []
    for one, several in shown.iter_rows():
        rule, key = evidence.get(one, (None, ""))
        value = " ".join(part for part in key.split(_BETWEEN)[1:] if part) or None
        others = tuple(called[1][uid] for uid in several)
        regroupings.append(Regrouping(called[0][one], others, None if rule is None else codes[rule], value))
    return tuple(regroupings)


def _called(golden: Golden, uids: pl.Series) -> dict[str, Named]:
    rows = golden.records.filter(pl.col("uid").is_in(uids.unique().implode())).select("uid", "name")
    return {uid: Named(uid, name) for uid, name in rows.iter_rows()}


def _changes(before: Golden, now: Golden, field: str) -> pl.DataFrame:
    """Columns uid, name, before, now of the customers on both sides whose value of the field differs, by uid."""
    was = before.records.select("uid", before=pl.col(field).cast(pl.String))
    will = (
        now.records.select("uid", "name", now=pl.col(field).cast(pl.String))
        if field != "name"
        else (now.records.select("uid", "name", now="name"))
    )
    return will.join(was, on="uid").filter(pl.col("before").ne_missing(pl.col("now"))).sort("uid")


def _samples(changes: pl.DataFrame, field: str, now: Golden) -> list[ValueChange]:
    shown = changes.head(_SAMPLES).join(
        now.values.filter(pl.col("field") == field).select("uid", "rule"), on="uid", how="left", maintain_order="left"
    )
    return [
        ValueChange(Named(row["uid"], row["name"]), field, row["before"], row["now"], row["rule"])
        for row in shown.iter_rows(named=True)
    ]
