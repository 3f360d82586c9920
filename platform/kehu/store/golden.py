"""The sources of customers' values, kept beside them: written by loads, renewed for one customer."""

import polars as pl
from sqlalchemy import Connection, column, delete, func, select, table

from kehu.identity.golden import golden_records
from kehu.identity.resolve import normalised
from kehu.identity.rules import IdentityRules
from kehu.store.among import among
from kehu.store.bulk import insert_frame, read_frame, stage, update_frame
from kehu.store.corrections import corrected_values
from kehu.store.event_changes import log_changes
from kehu.store.identifiers import write_identifiers
from kehu.store.unshared import unshared
from kehu.tables.facts import customer_records, customers, employees, source_records
from kehu.tables.golden import golden_values

_COLUMNS = ("customer_id", "field", "record_id", "rule")


def write_golden_values(connection: Connection, values: pl.DataFrame, ids: pl.DataFrame) -> None:
    """Bring what is kept of the customers `ids` (uid, now) into line with `values`, as `golden_records` has them."""
    wanted = values.join(ids, on="uid").select("field", "record_id", "rule", customer_id="now").select(_COLUMNS)
    concerned = among(connection, golden_values.c.customer_id, ids["now"])
    stored = read_frame(connection, select(golden_values).where(concerned))
    surplus = unshared(stored, wanted)
    fresh = unshared(wanted, stored)
    # A customer of whom anything differs is written anew, so that one look-up finds all that has to go.
    changed = pl.concat([surplus["customer_id"], fresh["customer_id"]]).unique()
    if changed.is_empty():
        return
    connection.execute(delete(golden_values).where(among(connection, golden_values.c.customer_id, changed)))
    renewed = wanted.filter(pl.col("customer_id").is_in(changed.implode())).sort("customer_id", "field")
    insert_frame(connection, golden_values, renewed)


def forget_golden_values(connection: Connection, gone: pl.DataFrame) -> None:
    """Delete what is kept of customers (customer_id) that are about to be deleted."""
    if not gone.is_empty():
        theirs = among(connection, golden_values.c.customer_id, gone["customer_id"])
        connection.execute(delete(golden_values).where(theirs))


def with_owners(connection: Connection, golden: pl.DataFrame) -> pl.DataFrame:
    """The golden records with `owner_id` for the employee's number; null where no employee has it."""
    if golden["owner"].null_count() == len(golden):
        return golden.with_columns(owner_id=pl.lit(None, pl.Int64)).drop("owner")
    staff = read_frame(connection, select(employees.c.number.label("owner"), employees.c.id.label("owner_id")))
    return golden.join(staff, on="owner", how="left", maintain_order="left").drop("owner")


def renew_golden(connection: Connection, customer_ids: pl.Series, phone_region: str, rules: IdentityRules) -> None:
    """Bring what these customers are, and are found by, into line with their records and corrections."""
    stage(connection, "staged_golden", customer_ids.unique().to_frame("id"))
    staged = select(table("staged_golden", column("id")).c.id)
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id).join(
        customers, customers.c.id == customer_records.c.customer_id
    )
    sources = (source_records.c.system, source_records.c.key, source_records.c.exported_at, customers.c.uid)
    query = select(customer_records, *sources).select_from(joined).where(customer_records.c.customer_id.in_(staged))
    records = normalised(read_frame(connection, query), phone_region)
    golden = golden_records(records, rules, corrected_values(connection))
    ids = records.select("uid", now="customer_id").unique()
    rows = with_owners(connection, golden.records).join(ids.rename({"now": "id"}), on="uid").drop("uid")
    update_frame(connection, customers, rows)
    log_changes(connection, customers, rows["id"])
    write_golden_values(connection, golden.values, ids)
    write_identifiers(connection, records, golden, ids, phone_region)


def customers_of_several(connection: Connection, record_ids: pl.Series) -> pl.Series:
    """The ids of those customers of the records that have other records beside them."""
    stage(connection, "staged_golden", record_ids.unique().to_frame("id"))
    staged = select(table("staged_golden", column("id")).c.id)
    own = select(customer_records.c.customer_id).where(customer_records.c.id.in_(staged))
    several = (
        select(customer_records.c.customer_id)
        .where(customer_records.c.customer_id.in_(own))
        .group_by(customer_records.c.customer_id)
        .having(func.count() > 1)
    )
    return read_frame(connection, several)["customer_id"]
