"""What customers are found by: the identifiers of their records, and those that people corrected."""

import polars as pl
from sqlalchemy import Column, Connection, delete, select

from kehu.identity.golden import Golden, corrected_identifiers, identifier_rows, other_names
from kehu.store.among import among
from kehu.store.bulk import insert_frame, next_id, read_frame
from kehu.store.unshared import unshared
from kehu.tables.facts import customers, identifiers

# Where more of all customers than one in so many is wanted, all rows are read.
_FEW_OF_ALL = 4
# So few are looked up one by one, however few there are in all.
_FEW = 250


def write_identifiers(
    connection: Connection, records: pl.DataFrame, golden: Golden, ids: pl.DataFrame, phone_region: str
) -> None:
    """Bring the identifiers of the customers `ids` (uid, now) into line with all their records (with `uid`)."""
    found = [identifier_rows(records), corrected_identifiers(golden, phone_region), other_names(records, golden)]
    rows = pl.concat(found).unique()
    wanted = rows.join(ids, on="uid").select(pl.col("now").alias("customer_id"), "kind", "system", "value")
    stored = rows_of_customers(connection, identifiers.c.customer_id, ids["now"])
    same = ["customer_id", "kind", "system", "value"]
    surplus = unshared(stored.select(same), wanted)
    if not surplus.is_empty():
        doomed = stored.join(surplus, on=same, how="semi", nulls_equal=True)
        connection.execute(delete(identifiers).where(among(connection, identifiers.c.id, doomed["id"])))
    fresh = unshared(wanted, stored)
    if fresh.is_empty():
        return
    numbered = fresh.sort(same).with_row_index("id", offset=next_id(connection, identifiers)).cast({"id": pl.Int64})
    insert_frame(connection, identifiers, numbered)


def rows_of_customers(connection: Connection, owner: Column[int], ids: pl.Series) -> pl.DataFrame:
    """The rows of the column's table that belong to these customers."""
    if len(ids) > _FEW and len(ids) * _FEW_OF_ALL > next_id(connection, customers):
        return read_frame(connection, select(owner.table)).filter(pl.col(owner.name).is_in(ids.implode()))
    return read_frame(connection, select(owner.table).where(among(connection, owner, ids)))
