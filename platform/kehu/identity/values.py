"""The values by which records may join, as digests: by them an index finds whom a record could concern."""

import hashlib
import json
from dataclasses import asdict

import polars as pl

from kehu.identity.keys import COLUMNS, source_keys
from kehu.identity.rules import IDENTIFIERS, IdentityRules

# Counts up when `normalised` or the rules come to make other keys of the same records.
_FORMS = 1
# The lowest bits of a digest tell the kind of its value.
_KINDS: tuple[str, ...] = ("source", *IDENTIFIERS)
_KIND_BITS = 7
_DIGEST_BITS = 2**64 - 1 - _KIND_BITS


def fingerprint(rules: IdentityRules, phone_region: str) -> str:
    """Changes with whatever makes other keys or digests of the same records; Polars' digests hold for one version."""
    said = json.dumps([_FORMS, pl.__version__, phone_region, asdict(rules)], default=sorted, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def joining_values(records: pl.DataFrame, open_records: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Columns id, value, name: each value by which a key can join a record of `normalised` to others, as digests.

    `open_records` are the same without what locks forbid: only of departments' keys it is kept all the same.
    Values under too many names are there too, blocked ones are not. `name` is null where the record has none.
    """
    used = [name for name in IDENTIFIERS if any(rule.identifier == name for rule in rules.keys)]
    sources = source_keys(records).select("id", name=pl.lit(None, pl.Int64), value=_digest("key", "source"))
    digests = {
        column: pl.when(_names_somebody(column, rules.of(name).blocked)).then(_digest(column, name))
        for name in used
        for column in COLUMNS[name]
        if open_records[column].null_count() < len(open_records)
    }
    named = pl.when(pl.col("name_key").is_not_null()).then(_digest("name_key", "source"))
    wide = open_records.select("id", name=named, **digests)
    borne = wide.unpivot(index=["id", "name"], on=list(digests)).select(sources.columns).drop_nulls("value")
    return pl.concat([sources, borne]).unique(["value", "id"]).select("id", "value", "name")


def _names_somebody(column: str, blocked: frozenset[str]) -> pl.Expr:
    known = pl.col(column).is_not_null()
    return known & ~pl.col(column).is_in(sorted(blocked)) if blocked else known


def most_names(rules: IdentityRules) -> pl.Expr:
    """How many names the value of the column `value` may have before it joins nobody; null where there is no limit."""
    most = {_KINDS.index(name): said.names for name, said in rules.values.items() if said.names is not None}
    kind = pl.col("value") & _KIND_BITS
    return kind.replace_strict(most, default=None, return_dtype=pl.Int64) if most else pl.lit(None, pl.Int64)


def is_source_key() -> pl.Expr:
    """Whether the column `value` is the digest of a department's key."""
    return (pl.col("value") & _KIND_BITS) == _KINDS.index("source")


def _digest(column: str, kind: str) -> pl.Expr:
    digest = pl.col(column).hash() & pl.lit(_DIGEST_BITS, pl.UInt64)
    return (digest | pl.lit(_KINDS.index(kind), pl.UInt64)).reinterpret(signed=True)
