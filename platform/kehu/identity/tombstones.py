"""Who was erased, by keyed digests of what names a person: the same person is known again, and nobody can be read out.

A plain hash of a phone number hides nothing: there are few enough numbers to try them all. So every digest is
HMAC-SHA256 under a key that the database does not hold.
"""

import json
from collections.abc import Collection, Iterator, Mapping

import polars as pl

from kehu.identity.addresses import address_keys
from kehu.identity.identifiers import email_keys, tax_code_keys
from kehu.identity.names import name_keys
from kehu.identity.phones import phone_keys

_BETWEEN = "\x1f"
# What may name a person on a row: account of a system, and the comparable forms of what else it says.
NAMING = ("system", "key", "name", "phone", "phone_2", "email", "tax_code", "address")
_TEXTS = pl.Schema(dict.fromkeys(NAMING, pl.String()))


def named_as(rows: pl.DataFrame, region: str) -> pl.DataFrame:
    """What names whom each row is about, in its comparable form; `rows` has some of NAMING, absent ones are unknown."""
    missing = [pl.lit(None, pl.String()).alias(name) for name in NAMING if name not in rows.columns]
    every = rows.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in _TEXTS.items())
    return every.with_columns(
        name_keys(every["name"]).alias("name"),
        phone_keys(every["phone"], region).alias("phone"),
        phone_keys(every["phone_2"], region).alias("phone_2"),
        email_keys(every["email"]).alias("email"),
        tax_code_keys(every["tax_code"]).alias("tax_code"),
        address_keys(every["address"]).alias("address"),
    )


def laid(row: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Kind and value of every tombstone for a row of `named_as`.

    'phone' is for rows that give a number and no name; a number under another name is another person's by now. 'key' is
    for people who ask for an account without its system; no row meets it.
    """
    yield from _accounts_and_codes(row)
    if row["key"]:
        yield "key", row["key"]
    for phone in _phones(row):
        yield "phone", phone
        if row["name"]:
            yield "phone_and_name", _BETWEEN.join((phone, row["name"]))
    yield from _places(row)


def met(row: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Kind and value of every tombstone that a row of `named_as` would meet."""
    yield from _accounts_and_codes(row)
    for phone in _phones(row):
        yield ("phone_and_name", _BETWEEN.join((phone, row["name"]))) if row["name"] else ("phone", phone)
    yield from _places(row)


def first_part(value: str) -> str:
    """The phone, mail address, tax code or address of a tombstone's value; of an account its system."""
    return value.partition(_BETWEEN)[0]


def met_by_texts(texts: Collection[str], region: str) -> dict[str, list[tuple[str, str]]]:
    """The tombstones that each bare text would meet, were it a phone, a mail address or a tax code."""
    given = pl.Series("text", list(texts), dtype=pl.String())
    forms = named_as(pl.DataFrame({"phone": given, "email": given, "tax_code": given}), region)
    rows = forms.select("phone", "email", "tax_code").iter_rows(named=True)
    return {
        text: [(kind, value) for kind, value in row.items() if value] for text, row in zip(given, rows, strict=True)
    }


def cells_of(row: str) -> list[str]:
    """The texts in a raw row, a JSON object."""
    values = json.loads(row).values() if row.startswith("{") else ()
    return [cell for cell in values if isinstance(cell, str) and cell]


def account(system: str, key: str) -> tuple[str, str]:
    """The tombstone of an account."""
    return "account", _BETWEEN.join((system, key))


def _accounts_and_codes(row: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    if row["system"] and row["key"]:
        yield account(row["system"], row["key"])
    for kind in ("email", "tax_code"):
        value = row[kind]
        if value:
            yield kind, value


def _phones(row: Mapping[str, str | None]) -> Iterator[str]:
    return (number for number in (row["phone"], row["phone_2"]) if number)


def _places(row: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    if row["name"] and row["address"]:
        yield "address_and_name", _BETWEEN.join((row["address"], row["name"]))
