"""Parents and employers: what records claim of them, found among the customers and kept as links."""

import polars as pl
from sqlalchemy import Connection, Table, column, delete, or_, select, table, text

from kehu.identity.hierarchy import AMBIGUOUS, CLAIMS_SCHEMA, UNKNOWN, settled_links
from kehu.identity.identifiers import tax_code_keys
from kehu.identity.survivorship import in_common_order
from kehu.model.graph import LINKS
from kehu.store.among import among
from kehu.store.bulk import insert_frame, read_frame, stage
from kehu.tables.facts import (
    CLAIMS_A_LINK,
    customer_aliases,
    customer_records,
    customers,
    identifiers,
    source_records,
)
from kehu.tables.golden import customer_links, refused_links

# How a claim names another customer.
_NAME = ["how", "system", "value"]


def write_links(connection: Connection) -> None:
    """Bring all links, and those refused, into line with the customers and identifiers as they stand."""
    claims = _claims(connection)
    if claims.is_empty():
        connection.execute(delete(customer_links))
        connection.execute(delete(refused_links))
        return
    links = settled_links(claims)
    _replace(connection, customer_links, links.standing)
    _replace(connection, refused_links, links.refused)


def forget_links(connection: Connection, gone: pl.DataFrame) -> None:
    """Delete the links of and to customers (customer_id) that are about to be deleted."""
    if not gone.is_empty():
        ends = (customer_links.c.customer_id, customer_links.c.other_id)
        of_them = or_(*(among(connection, end, gone["customer_id"]) for end in ends))
        connection.execute(delete(customer_links).where(of_them))


def _claims(connection: Connection) -> pl.DataFrame:
    """What every record says, with the customer that it names or the reason why none is found."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    sources = (source_records.c.system, source_records.c.key, source_records.c.exported_at)
    query = select(customer_records, *sources).select_from(joined).where(text(CLAIMS_A_LINK))
    found = read_frame(connection, query)
    if found.is_empty():
        return pl.DataFrame(schema=CLAIMS_SCHEMA)
    records = in_common_order(found)
    said = pl.concat([_said(records, kind) for kind in LINKS])
    owners = _owners(connection, said.select(_NAME).unique())
    count = pl.col("owners").list.len()
    reason = pl.when(count.fill_null(0) == 0).then(pl.lit(UNKNOWN)).when(count > 1).then(pl.lit(AMBIGUOUS))
    only = pl.when(count == 1).then(pl.col("owners").list.first())
    claims = said.join(owners, on=_NAME, how="left", nulls_equal=True).with_columns(reason=reason, other_id=only)
    return claims.select(CLAIMS_SCHEMA.keys()).cast(CLAIMS_SCHEMA)  # type: ignore[arg-type]  # names to types


def _said(records: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The records' claims of that kind: `how` a customer is named, by which `value`, and for a key in which system."""
    key, system, tax_code, code = (f"{kind}_{part}" for part in ("key", "system", "tax_code", "code"))
    named = pl.coalesce(pl.concat_str(system, pl.lit(":"), key), tax_code, code)
    by_key = pl.when(pl.col(key).is_not_null()).then(pl.lit("key"))
    how = by_key.when(pl.col(tax_code).is_not_null()).then(pl.lit("tax_code")).otherwise(pl.lit("code"))
    right = records.with_columns(right=tax_code_keys(records[tax_code]))
    told = right.filter(named.is_not_null()).with_columns(named=named, how=how, kind=pl.lit(kind))
    value = pl.coalesce(key, pl.when(pl.col("how") == "tax_code").then(pl.coalesce("right", tax_code)), code)
    in_system = pl.when(pl.col("how") == "key").then(pl.col(system))
    return told.select("kind", "customer_id", "standing", "named", "how", record_id="id", system=in_system, value=value)


def _owners(connection: Connection, names: pl.DataFrame) -> pl.DataFrame:
    """The names (_NAME) that somebody has, with the ids of all `owners`."""
    low = names.select(value=pl.col("value").str.to_lowercase())
    stage(connection, "staged_claimed", pl.concat([names.select("value"), low]).unique())
    staged = select(table("staged_claimed", column("value")).c.value)
    columns = (identifiers.c.kind, identifiers.c.system, identifiers.c.value, identifiers.c.customer_id)
    known = read_frame(connection, select(*columns).where(identifiers.c.value.in_(staged))).rename({"kind": "of"})
    keys, codes = known.filter(pl.col("of") == "source_key"), known.filter(pl.col("of") == "tax_code")
    uids = [
        read_frame(connection, select(ids.c.uid, ids.c[name].label("customer_id")).where(ids.c.uid.in_(staged)))
        for ids, name in ((customers, "id"), (customer_aliases, "customer_id"))
    ]
    by_code = names.filter(pl.col("how") == "code")
    by_uid = by_code.with_columns(uid=pl.col("value").str.to_lowercase())
    found = [
        names.filter(pl.col("how") == "key").join(keys, on=["system", "value"]),
        names.filter(pl.col("how") == "tax_code").join(codes, on="value"),
        by_code.join(keys, on="value"),
        *(by_uid.join(ids, on="uid") for ids in uids),
    ]
    every = pl.concat([each.select(*_NAME, "customer_id") for each in found])
    return every.group_by(_NAME).agg(owners=pl.col("customer_id").unique())


def _replace(connection: Connection, kept: Table, wanted: pl.DataFrame) -> None:
    stored = read_frame(connection, select(kept)).select(wanted.columns)
    same = len(stored) == len(wanted) and stored.join(wanted, on=wanted.columns, how="anti").is_empty()
    if not same:
        connection.execute(delete(kept))
        insert_frame(connection, kept, wanted)
