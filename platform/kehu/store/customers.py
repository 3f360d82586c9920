"""Customer records resolved to customers, and events moved to the customers their records belong to."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Table, TableClause, column, delete, func, select, table, update

from kehu.identity.golden import golden_records, identifier_rows
from kehu.identity.resolve import normalised, resolve
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.tables.facts import (
    complaints,
    contacts,
    customer_aliases,
    customer_records,
    customers,
    employees,
    identifiers,
    shipments,
    source_records,
    visits,
)
from kehu.tables.runs import memberships, publication, warnings

# Where events name a customer: the table, the record column, the customer column.
PARTY_COLUMNS: tuple[tuple[Table, str, str], ...] = (
    (shipments, "shipper_record_id", "shipper_id"),
    (shipments, "consignee_record_id", "consignee_id"),
    (shipments, "payer_record_id", "payer_id"),
    (complaints, "customer_record_id", "customer_id"),
    (visits, "customer_record_id", "customer_id"),
    (contacts, "customer_record_id", "customer_id"),
)


@dataclass(frozen=True, slots=True)
class ResolvedCounts:
    """What a resolution did: customers there are, new ones, and ones that went into another."""

    records: int
    customers: int
    new: int
    gone: int


def resolve_customers(connection: Connection, phone_region: str) -> ResolvedCounts:
    """Bring customers, identifiers and every event's customer into line with the customer records."""
    records = _read_records(connection)
    keyed = normalised(records, phone_region)
    keyed = keyed.join(resolve(keyed), on="id", how="left", maintain_order="left")
    known = read_frame(connection, select(customers.c.uid, customers.c.id.label("customer_id")))
    golden = _with_owners(connection, golden_records(keyed))
    ids = _write_customers(connection, golden, known)
    moved = keyed.join(ids, on="uid", how="left").filter(pl.col("customer_id").ne_missing(pl.col("now")))
    update_frame(connection, customer_records, moved.select("id", pl.col("now").alias("customer_id")))
    _move_events(connection, moved.filter(pl.col("customer_id").is_not_null()))
    gone = known.join(ids, on="uid", how="anti")
    _retire(connection, gone, moved)
    returned = customer_aliases.c.uid.in_(select(customers.c.uid))
    connection.execute(delete(customer_aliases).where(returned))
    _write_identifiers(connection, identifier_rows(keyed), ids)
    return ResolvedCounts(len(records), len(ids), len(ids) - (len(known) - len(gone)), len(gone))


def customer_of_records(connection: Connection) -> pl.DataFrame:
    """Columns id, customer_id of every customer record."""
    return read_frame(connection, select(customer_records.c.id, customer_records.c.customer_id))


def _read_records(connection: Connection) -> pl.DataFrame:
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    query = select(customer_records, source_records.c.system, source_records.c.key).select_from(joined)
    return read_frame(connection, query)


def _with_owners(connection: Connection, golden: pl.DataFrame) -> pl.DataFrame:
    staff = read_frame(connection, select(employees.c.number.label("owner"), employees.c.id.label("owner_id")))
    return golden.join(staff, on="owner", how="left", maintain_order="left").drop("owner")


def _write_customers(connection: Connection, golden: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Insert new customers, renew changed ones; returns uid and `now`, the id of each."""
    joined = golden.join(known.rename({"customer_id": "id"}), on="uid", how="left", maintain_order="left")
    fresh = joined.filter(pl.col("id").is_null()).drop("id")
    numbered = fresh.with_row_index("id", offset=next_id(connection, customers)).cast({"id": pl.Int64})
    insert_frame(connection, customers, numbered)
    kept = joined.filter(pl.col("id").is_not_null())
    stored = read_frame(connection, select(customers))
    columns = [name for name in kept.columns if name != "uid"]
    changed = kept.select(columns).join(stored.select(columns), on=columns, how="anti", nulls_equal=True)
    update_frame(connection, customers, changed)
    everyone = pl.concat([numbered.select("uid", "id"), kept.select("uid", "id")])
    return everyone.rename({"id": "now"})


def _move_events(connection: Connection, moved: pl.DataFrame) -> None:
    if moved.is_empty():
        return
    stage(connection, "staged_moves", moved.select("id", pl.col("now").alias("customer_id")))
    staged = table("staged_moves", column("id"), column("customer_id"))
    for events, record, customer in PARTY_COLUMNS:
        target = select(staged.c.customer_id).where(staged.c.id == events.c[record]).scalar_subquery()
        moving = events.c[record].in_(select(staged.c.id))
        connection.execute(update(events).where(moving).values({customer: target}))


def _retire(connection: Connection, gone: pl.DataFrame, moved: pl.DataFrame) -> None:
    """Let the ids of customers that lost their last record resolve to where their records went."""
    if gone.is_empty():
        return
    heirs = moved.sort("now").group_by("customer_id", maintain_order=True).agg(pl.col("now").first())
    aliases = gone.join(heirs, on="customer_id", how="inner")
    stage(connection, "staged_heirs", aliases.select("customer_id", "now"))
    staged = table("staged_heirs", column("customer_id"), column("now"))
    heir = select(staged.c.now).where(staged.c.customer_id == customer_aliases.c.customer_id).scalar_subquery()
    old = customer_aliases.c.customer_id.in_(select(staged.c.customer_id))
    connection.execute(update(customer_aliases).where(old).values(customer_id=heir))
    _hand_over_history(connection, staged)
    connection.execute(delete(identifiers).where(identifiers.c.customer_id.in_(select(staged.c.customer_id))))
    connection.execute(delete(customers).where(customers.c.id.in_(select(staged.c.customer_id))))
    insert_frame(connection, customer_aliases, aliases.select("uid", pl.col("now").alias("customer_id")))


def _hand_over_history(connection: Connection, staged: TableClause) -> None:
    """What a retired customer was goes to its heir, ended by the published run: the heir's own level goes on."""
    published = select(publication.c.run_id).scalar_subquery()
    for history, until in ((memberships, "until_run_id"), (warnings, "cleared_run_id")):
        heir = select(staged.c.now).where(staged.c.customer_id == history.c.customer_id).scalar_subquery()
        old = history.c.customer_id.in_(select(staged.c.customer_id))
        ended = func.coalesce(history.c[until], published)
        connection.execute(update(history).where(old).values({"customer_id": heir, until: ended}))


def _write_identifiers(connection: Connection, rows: pl.DataFrame, ids: pl.DataFrame) -> None:
    wanted = rows.join(ids, on="uid").select(pl.col("now").alias("customer_id"), "kind", "system", "value")
    stored = read_frame(connection, select(identifiers))
    same = ["customer_id", "kind", "system", "value"]
    surplus = stored.join(wanted, on=same, how="anti", nulls_equal=True)
    if not surplus.is_empty():
        stage(connection, "staged_surplus", surplus.select("id"))
        staged = table("staged_surplus", column("id"))
        connection.execute(delete(identifiers).where(identifiers.c.id.in_(select(staged.c.id))))
    fresh = wanted.join(stored, on=same, how="anti", nulls_equal=True).sort(same)
    numbered = fresh.with_row_index("id", offset=next_id(connection, identifiers)).cast({"id": pl.Int64})
    insert_frame(connection, identifiers, numbered)
