"""Customer records resolved to customers, and events moved to the customers their records belong to."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Table, column, delete, func, select, table, text

from kehu.identity.golden import golden_records, identifier_rows
from kehu.identity.locks import with_locks
from kehu.identity.resolve import normalised, resolve
from kehu.identity.rules import IdentityRules
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.store.corrections import corrected_values
from kehu.store.event_changes import log_changes
from kehu.store.golden import forget_golden_values, with_owners, write_golden_values
from kehu.store.heirs import retire
from kehu.store.identity_decisions import decided_pairs, read_locked
from kehu.store.identity_rules import remember_rules
from kehu.store.links import forget_links, write_links
from kehu.tables.columns import BIG
from kehu.tables.facts import (
    complaints,
    contacts,
    customer_aliases,
    customer_records,
    customers,
    identifiers,
    shipments,
    source_records,
    visits,
)

# Where events name a customer: the table, the record column, the customer column.
PARTY_COLUMNS: tuple[tuple[Table, str, str], ...] = (
    (shipments, "shipper_record_id", "shipper_id"),
    (shipments, "consignee_record_id", "consignee_id"),
    (shipments, "payer_record_id", "payer_id"),
    (complaints, "customer_record_id", "customer_id"),
    (visits, "customer_record_id", "customer_id"),
    (contacts, "customer_record_id", "customer_id"),
)
# Events are indexed by customer, so those of a record are found among its old customer's.
# CROSS JOIN keeps SQLite to this order: a look-up for each record, never a scan of all events.
_MOVED_EVENTS = """
SELECT e.id, s.now AS {customer} FROM staged_moves AS s CROSS JOIN {events} AS e
WHERE e.{customer} = s.customer_id AND e.{record} = s.id
"""


@dataclass(frozen=True, slots=True)
class ResolvedCounts:
    """What a resolution did: customers there are, new ones, and ones that went into another."""

    records: int
    customers: int
    new: int
    gone: int


def resolve_customers(connection: Connection, phone_region: str, rules: IdentityRules) -> ResolvedCounts:
    """Bring customers, identifiers and every event's customer into line with the customer records and decisions."""
    records = read_customer_records(connection)
    keyed = normalised(records, phone_region)
    resolved = resolve(with_locks(keyed, read_locked(connection)), rules, decided_pairs(connection))
    keyed = keyed.join(resolved.customers, on="id", how="left", maintain_order="left")
    known = read_frame(connection, select(customers.c.uid, customers.c.id.label("customer_id")))
    golden = golden_records(keyed, rules, corrected_values(connection))
    ids = _write_customers(connection, with_owners(connection, golden.records), known)
    moved = keyed.join(ids, on="uid", how="left").filter(pl.col("customer_id").ne_missing(pl.col("now")))
    update_frame(connection, customer_records, moved.select("id", pl.col("now").alias("customer_id")))
    moved = moved.filter(pl.col("customer_id").is_not_null())
    _move_events(connection, moved)
    gone = known.join(ids, on="uid", how="anti")
    forget_golden_values(connection, gone)
    forget_links(connection, gone)
    if not moved.is_empty():
        retire(connection, gone, moved, known)
    _write_identifiers(connection, identifier_rows(keyed), ids)
    write_golden_values(connection, golden.values, ids)
    write_links(connection)
    remember_rules(connection, rules.source)
    return ResolvedCounts(len(records), len(ids), len(ids) - (len(known) - len(gone)), len(gone))


def customer_of_records(connection: Connection) -> pl.DataFrame:
    """Columns id, customer_id of every customer record."""
    return read_frame(connection, select(customer_records.c.id, customer_records.c.customer_id))


def read_customer_records(connection: Connection) -> pl.DataFrame:
    """Every customer record with the system and key of its source record."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    sources = (source_records.c.system, source_records.c.key, source_records.c.exported_at)
    query = select(customer_records, *sources).select_from(joined)
    return read_frame(connection, query)


def _write_customers(connection: Connection, golden: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Insert new customers, renew changed ones; returns uid and `now`, the id of each."""
    joined = golden.join(known.rename({"customer_id": "id"}), on="uid", how="left", maintain_order="left")
    fresh = joined.filter(pl.col("id").is_null()).drop("id")
    numbered = fresh.with_row_index("id", offset=_next_customer(connection)).cast({"id": pl.Int64})
    insert_frame(connection, customers, numbered)
    kept = joined.filter(pl.col("id").is_not_null())
    stored = read_frame(connection, select(customers))
    columns = [name for name in kept.columns if name != "uid"]
    changed = kept.select(columns).join(stored.select(columns), on=columns, how="anti", nulls_equal=True)
    update_frame(connection, customers, changed)
    everyone = pl.concat([numbered.select("uid", "id"), kept.select("uid", "id")])
    return everyone.rename({"id": "now"})


def _next_customer(connection: Connection) -> int:
    """An id that no customer has or ever had."""
    former = connection.execute(select(func.max(customer_aliases.c.former_id))).scalar()
    return max(next_id(connection, customers), 1 + (former or 0))


def _move_events(connection: Connection, moved: pl.DataFrame) -> None:
    if moved.is_empty():
        return
    stage(connection, "staged_moves", moved.select("customer_id", "id", "now"))
    for events, record, customer in PARTY_COLUMNS:
        statement = text(_MOVED_EVENTS.format(events=events.name, record=record, customer=customer))
        query = statement.columns(column("id", BIG), column(customer, BIG))
        rows = read_frame(connection, query)
        update_frame(connection, events, rows)
        log_changes(connection, events, rows["id"])


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
