"""The values by which records may join, as digests: by them an index finds whom a record could concern."""

import hashlib
import json
from dataclasses import asdict, replace

import polars as pl

from kehu.identity.keys import identifier_values, source_keys
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
    plain = replace(rules, values={name: replace(said, names=None) for name, said in rules.values.items()})
    used = [name for name in IDENTIFIERS if any(rule.identifier == name for rule in rules.keys)]
    frames = [source_keys(records).select("id", name=pl.lit(None, pl.Int64), value=_digest("key", "source"))]
    for identifier in used:
        values = identifier_values(open_records, identifier, plain)
        if values.is_empty():
            continue
        named = pl.when(pl.col("name_key").is_not_null()).then(_digest("name_key", "source"))
        frames.append(values.select("id", name=named, value=_digest("value", identifier)))
    return pl.concat(frames).unique(["value", "id"]).select("id", "value", "name")


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
