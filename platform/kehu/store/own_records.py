"""Records that people make with Kehu itself, beside those that departments export."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Table, func, insert, select, update

from kehu.identity.resolve import anchors
from kehu.model.graph import FIELDS, Entity, record_columns
from kehu.store.bulk import next_id, read_frame
from kehu.store.event_changes import log_changes
from kehu.store.events import TABLES, write_events
from kehu.tables.facts import batches, customer_records, customers, source_records

# No source of a workspace need be called so, but one that is may not number its rows as we do: "K" and a number.
OWN_SYSTEM, OWN_FILE = "kehu", "recorded by hand"


def add_event(
    connection: Connection, entity: Entity, customer_id: int, values: Mapping[str, object], *, now: datetime
) -> int:
    """Write an event of the customer, who must have records; returns its id, of which its number is made.

    It goes with the record that names the customer, wherever that goes. `values` are fields of the entity and its
    currency; what is left out is unknown.
    """
    number = next_id(connection, source_records)
    key = f"K{number}"
    _write_source_record(connection, entity, number, key, now)
    record = first_records(connection, [customer_id])[customer_id]
    kinds = record_columns(entity)
    names = [field.name for field in FIELDS[entity] if field.kind != "party"]
    names += ["currency"] if "currency" in kinds else []
    row = {name: values.get(name) for name in names} | {"number": key}
    frame = pl.DataFrame([row], schema={name: kinds[name] for name in names})
    placed = frame.with_columns(
        pl.lit(number, pl.Int64).alias("id"),
        pl.lit(value=True).alias("is_new"),
        pl.lit(record, pl.Int64).alias("customer_record_id"),
    )
    owner = pl.DataFrame({"id": [record], "customer_id": [customer_id]})
    write_events(connection, entity, placed, owner)
    return number


def change_event(connection: Connection, entity: Entity, number: int, values: Mapping[str, object]) -> None:
    """Set values of an event that there is; copies outside the database are told."""
    events = TABLES[entity]
    connection.execute(update(events).where(events.c.id == number).values(**values))
    if "at" in events.c:
        order = (events.c.held_at, events.c.due_at)
        connection.execute(update(events).where(events.c.id == number).values(at=func.coalesce(*order)))
    log_changes(connection, events, pl.Series([number]))


def saw(connection: Connection, customer_id: int, at: datetime) -> None:
    """The customer was seen at that instant."""
    table = customers
    first, last = connection.execute(
        select(table.c.first_seen_at, table.c.last_seen_at).where(table.c.id == customer_id)
    ).one()
    seen = {"first_seen_at": min(first or at, at), "last_seen_at": max(last or at, at)}
    connection.execute(update(table).where(table.c.id == customer_id).values(**seen))


def first_records(connection: Connection, customer_ids: list[int]) -> dict[int, int]:
    """By customer the id of the record that its uid is made of."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (source_records.c.system, source_records.c.key, customer_records.c.origin)
    wanted = customer_records.c.customer_id.in_(customer_ids)
    query = select(customer_records.c.customer_id, customer_records.c.id, *columns).select_from(joined).where(wanted)
    ordered = read_frame(connection, query).sort(anchors())
    return dict(ordered.unique("customer_id", keep="first", maintain_order=True).select("customer_id", "id").rows())


def _write_source_record(connection: Connection, entity: Entity, number: int, key: str, now: datetime) -> None:
    batch = next_id(connection, batches)
    counts = {"read": 1, "loaded": 1, "unchanged": 0, "quarantined": 0}
    row = {"id": batch, "source": OWN_SYSTEM, "file": OWN_FILE, "started_at": now, "finished_at": now}
    _insert(connection, batches, {**row, **counts})
    record = {"id": number, "system": OWN_SYSTEM, "entity": entity, "key": key, "hash": 0, "batch_id": batch}
    _insert(connection, source_records, {**record, "line": 1})


def _insert(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    connection.execute(insert(table).values(**row))
