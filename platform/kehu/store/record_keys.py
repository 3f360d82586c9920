"""Whose records the departments' keys are."""

import polars as pl
from sqlalchemy import Connection, select

from kehu.store.bulk import read_frame
from kehu.tables.facts import customer_records, identifiers, source_records

BETWEEN = "|"


def read_record_keys(connection: Connection) -> pl.DataFrame:
    """Every `system`, `record_key` and `customer`, each once: account numbers, and parties known by name and phone.

    The key of a party is as `party_key` writes it. A key may be of several customers, and a customer has many.
    """
    accounts = select(identifiers.c.system, identifiers.c.value, identifiers.c.customer_id)
    own = read_frame(connection, accounts.where(identifiers.c.kind == "source_key"))
    records = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (source_records.c.system, customer_records.c.name, customer_records.c.phone)
    mentions = select(*columns, customer_records.c.customer_id).select_from(records)
    named = read_frame(connection, mentions.where(customer_records.c.origin == "mention"))
    parties = named.filter(pl.any_horizontal(pl.col("name", "phone").is_not_null())).select(
        "system",
        value=pl.concat_str(pl.col("name", "phone").fill_null(""), separator=BETWEEN),
        customer_id="customer_id",
    )
    every = pl.concat([own, parties]).drop_nulls()
    return every.select("system", record_key=party_key(pl.col("value")), customer="customer_id").unique(
        maintain_order=True
    )


def party_key(key: pl.Expr) -> pl.Expr:
    """The key without blanks around it and around the mark between name and phone, as loading leaves them."""
    return key.str.strip_chars().str.replace_all(r"\s*\|\s*", BETWEEN)
