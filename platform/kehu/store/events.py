"""Events kept aside while customers are resolved, then written with their customers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Table, func, select, union_all, update

from kehu.model.graph import Entity
from kehu.store.bulk import insert_frame, update_frame
from kehu.store.customers import PARTY_COLUMNS
from kehu.store.event_changes import log_changes
from kehu.tables.facts import complaints, contacts, customers, shipments, visits

TABLES: dict[Entity, Table] = {"shipment": shipments, "complaint": complaints, "visit": visits, "contact": contacts}


@dataclass(slots=True)
class EventSpool:
    """Changed event rows on disk until their customers are known: memory stays bounded by one chunk."""

    folder: Path
    files: list[tuple[Entity, Path]] = field(default_factory=list)

    def add(self, entity: Entity, rows: pl.DataFrame) -> None:
        """Keep `rows` (the entity's columns with `is_new`) for later."""
        if rows.is_empty():
            return
        path = self.folder / f"{len(self.files):06}.arrow"
        rows.write_ipc(path, compression="lz4")
        self.files.append((entity, path))

    def __iter__(self) -> Iterator[tuple[Entity, pl.DataFrame]]:
        """The kept frames in the order they came; each is removed from disk once read."""
        for entity, path in self.files:
            rows = pl.read_ipc(path)
            path.unlink()
            yield entity, rows


def write_events(connection: Connection, entity: Entity, rows: pl.DataFrame, records: pl.DataFrame) -> None:
    """Write the rows with the customers of `records` (id, customer_id); new ones in, changed ones renewed."""
    events = TABLES[entity]
    placed = rows
    for owner, record, customer in PARTY_COLUMNS:
        if owner is events:
            of_record = records.rename({"id": record, "customer_id": customer})
            placed = placed.join(of_record, on=record, how="left", maintain_order="left")
    dated = placed.with_columns(_instant(entity)) if "at" in events.c else placed
    insert_frame(connection, events, dated.filter("is_new").drop("is_new"))
    update_frame(connection, events, dated.filter(~pl.col("is_new")).drop("is_new"))
    log_changes(connection, events, dated["id"])


def mark_seen(connection: Connection) -> None:
    """Set every customer's first and last seen instant from its events; null without any.

    A visit that is only planned does not count.
    """
    sightings = [
        select(events.c[customer].label("customer"), func.min(at).label("first"), func.max(at).label("last")).group_by(
            events.c[customer]
        )
        for events, customer, at in (
            (shipments, "shipper_id", shipments.c.at),
            (shipments, "consignee_id", shipments.c.at),
            (shipments, "payer_id", shipments.c.at),
            (complaints, "customer_id", complaints.c.opened_at),
            (visits, "customer_id", visits.c.held_at),
        )
    ]
    seen = union_all(*sightings).subquery()
    bounds = (
        select(seen.c.customer, func.min(seen.c.first).label("first"), func.max(seen.c.last).label("last"))
        .where(seen.c.customer.is_not(None))
        .group_by(seen.c.customer)
        .cte("bounds")
    )
    changed = customers.c.first_seen_at.is_distinct_from(bounds.c.first) | customers.c.last_seen_at.is_distinct_from(
        bounds.c.last
    )
    statement = update(customers).where(customers.c.id == bounds.c.customer, changed)
    connection.execute(statement.values(first_seen_at=bounds.c.first, last_seen_at=bounds.c.last))
    unseen = customers.c.first_seen_at.is_not(None) & customers.c.id.not_in(select(bounds.c.customer))
    connection.execute(update(customers).where(unseen).values(first_seen_at=None, last_seen_at=None))


def _instant(entity: Entity) -> pl.Expr:
    order = ("accepted_at", "delivered_at", "promised_at") if entity == "shipment" else ("held_at", "due_at")
    return pl.coalesce(order).alias("at")
