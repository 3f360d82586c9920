"""Records to customers: keys, islands within limits, ids that depend on content alone."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from kehu.identity.addresses import address_keys
from kehu.identity.identifiers import email_keys, tax_code_keys
from kehu.identity.islands import CONTESTED_SCHEMA, PARTED_SCHEMA, Bounds, bounded_islands
from kehu.identity.keys import identifier_values, identity_keys
from kehu.identity.names import name_keys
from kehu.identity.phones import phone_keys
from kehu.identity.rules import IdentityRules

# The namespace of customer ids: uuid5(DNS, "kehu.customer").
CUSTOMER_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "kehu.customer")
RECORD_SEPARATOR = "\x1f"
_UUID_BYTES, _UUID_CHARACTERS, _HYPHENS = 16, 36, (8, 13, 18, 23)
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_FILE, _MENTION = "0", "1"
# What people decided comes before all keys.
_DECIDED = -1
DECIDED_SCHEMA = {"same": pl.Boolean(), "left": pl.String(), "right": pl.String()}


@dataclass(frozen=True, slots=True)
class Resolution:
    """`customers`: columns id, uid. `contested`: the keys refused, columns rule, key, id of a bearer, because.

    `parted`: columns id, island (the least id of it), the records of islands that a limit or decision parted.
    """

    customers: pl.DataFrame
    contested: pl.DataFrame
    parted: pl.DataFrame


def normalised(records: pl.DataFrame, region: str) -> pl.DataFrame:
    """The records with a comparable column beside each: name_key, phone_key, phone_2_key, email_key, and so on."""
    forms: dict[str, Callable[[pl.Series], pl.Series]] = {
        "name": name_keys,
        "phone": lambda texts: phone_keys(texts, region),
        "phone_2": lambda texts: phone_keys(texts, region),
        "email": email_keys,
        "tax_code": tax_code_keys,
        "address": address_keys,
    }
    return records.with_columns(_form(records[column], form).alias(f"{column}_key") for column, form in forms.items())


def _form(texts: pl.Series, form: Callable[[pl.Series], pl.Series]) -> pl.Series:
    # Most columns of most departments are empty, and one record is to take milliseconds.
    return texts.cast(pl.String) if texts.null_count() == len(texts) else form(texts)


def resolve(
    records: pl.DataFrame,
    rules: IdentityRules,
    decided: pl.DataFrame | None = None,
    context: pl.DataFrame | None = None,
) -> Resolution:
    """The customer of every record; independent of the order of `records` and of their ids.

    `records` comes from `normalised`. `decided` is what people say of two records, as DECIDED_SCHEMA with the names
    that `anchors` gives: that they are the same, or that they are not, and then it is `right` that leaves
    what others join; of records not at hand it says nothing. Where `records` are but some, `context` are the others
    that bear a value of theirs: they tell which names stand at it.
    The uid is uuid5 of the customer's first record: rows of customer lists before mentions, then by system and key.
    """
    if records.is_empty():
        return Resolution(
            pl.DataFrame(schema={"id": pl.Int64(), "uid": pl.String()}),
            pl.DataFrame(schema=CONTESTED_SCHEMA),
            pl.DataFrame(schema=PARTED_SCHEMA),
        )
    members = records.select("id", anchor=anchors())
    said = _by_id(pl.DataFrame(schema=DECIDED_SCHEMA) if decided is None else decided, members)
    bearers = records if context is None else pl.concat([records, context.select(records.columns)])
    keys = pl.concat([identity_keys(bearers, rules), _decided_keys(said)])
    bounds = _bounds(bearers, rules, said)
    if context is not None:
        keys = keys.join(members, on="id", how="semi")
        bounds = replace(bounds, values=bounds.values.join(members, on="id", how="semi"))
    found = bounded_islands(records["id"], keys, bounds)
    placed = members.with_columns(found.numbers)
    first = placed.group_by("island").agg(pl.col("anchor").min())
    named = first.select("island", uids_of_records(first["anchor"].str.slice(2)))
    customers = placed.join(named, on="island", how="left", maintain_order="left")
    return Resolution(customers.select("id", "uid"), found.contested, found.parted)


def anchors(prefix: str = "") -> pl.Expr:
    """What tells a record from all others whenever it is loaded: rows of customer lists sort before mentions.

    Made of the columns origin, system and key, whose names begin with `prefix`.
    """
    rank = pl.when(pl.col(f"{prefix}origin") == "file").then(pl.lit(_FILE)).otherwise(pl.lit(_MENTION))
    return pl.concat_str(rank, f"{prefix}system", f"{prefix}key", separator=RECORD_SEPARATOR)


def uid_of_record(name: str) -> str:
    """The id of the customer whose first record has this name: system and key joined by RECORD_SEPARATOR."""
    return str(uuid.uuid5(CUSTOMER_NAMESPACE, name))


def uids_of_records(names: pl.Series) -> pl.Series:
    """The same of many names, aligned."""
    # One digest for each customer is all that Python does here: uuid.uuid5 takes ten times as long.
    namespace = hashlib.sha1(CUSTOMER_NAMESPACE.bytes, usedforsecurity=False)
    digests = []
    for name in names.cast(pl.Binary):
        digest = namespace.copy()
        digest.update(name)
        digests.append(digest.digest()[:_UUID_BYTES])
    octets = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, _UUID_BYTES).copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x50
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    text = np.full((len(octets), _UUID_CHARACTERS), ord("-"), np.uint8)
    places = [place for place in range(_UUID_CHARACTERS) if place not in _HYPHENS]
    text[:, places[0::2]], text[:, places[1::2]] = _DIGITS[octets >> 4], _DIGITS[octets & 0x0F]
    plain = text.view(f"S{_UUID_CHARACTERS}").ravel().tolist()
    return pl.Series("uid", plain, dtype=pl.Binary).cast(pl.String)


def _bounds(records: pl.DataFrame, rules: IdentityRules, said: pl.DataFrame) -> Bounds:
    most = {name: values.per_customer for name, values in rules.values.items() if values.per_customer is not None}
    held = [identifier_values(records, name, rules).select("id", limit=pl.lit(name), value="value") for name in most]
    nothing = pl.DataFrame(schema={"id": pl.Int64(), "limit": pl.String(), "value": pl.String()})
    apart = said.filter(~pl.col("same")).select("left", "right")
    return Bounds(pl.concat([nothing, *held]), {str(name): number for name, number in most.items()}, apart)


def _by_id(decided: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """The decisions with record ids for names."""
    if decided.is_empty():
        return pl.DataFrame(schema={"same": pl.Boolean(), "left": pl.Int64(), "right": pl.Int64(), "text": pl.String()})
    sides = [
        members.select(pl.col("id").alias(f"{side}_id"), pl.col("anchor").alias(side)) for side in ("left", "right")
    ]
    found = decided.join(sides[0], on="left").join(sides[1], on="right")
    return found.select(
        "same", left="left_id", right="right_id", text=pl.concat_str("left", "right", separator=RECORD_SEPARATOR)
    )


def _decided_keys(said: pl.DataFrame) -> pl.DataFrame:
    if said.is_empty():
        return pl.DataFrame(schema={"id": pl.Int64(), "rule": pl.Int32(), "key": pl.String()})
    same = said.filter("same").with_columns(key=pl.lit("decided") + RECORD_SEPARATOR + pl.col("text"))
    sides = [
        same.select(pl.col(side).alias("id"), rule=pl.lit(_DECIDED, pl.Int32), key="key") for side in ("left", "right")
    ]
    return pl.concat(sides)
