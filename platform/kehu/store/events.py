"""Events kept aside while customers are resolved, then written with their customers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Table, column, func, select, table, union_all, update

from kehu.model.graph import Entity
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.store.customers import PARTY_COLUMNS
from kehu.store.event_changes import log_changes
from kehu.tables.facts import complaints, contacts, customers, shipments, visits

TABLES: dict[Entity, Table] = {"shipment": shipments, "complaint": complaints, "visit": visits, "contact": contacts}
# Where a customer is seen: the table, the customer column, the instant.
_SIGHTINGS = (
    (shipments, "shipper_id", shipments.c.at),
    (shipments, "consignee_id", shipments.c.at),
    (shipments, "payer_id", shipments.c.at),
    (complaints, "customer_id", complaints.c.opened_at),
    (visits, "customer_id", visits.c.held_at),
)
# To look up one customer in so many takes as long as to read the events of all.
_FEW_OF_ALL = 8


@dataclass(slots=True)
class EventSpool:
    """Changed event rows on disk until their customers are known: memory stays bounded by one chunk."""

    folder: Path
    files: list[tuple[Entity, Path]] = field(default_factory=list)
    rows: int = 0

    def add(self, entity: Entity, rows: pl.DataFrame) -> None:
        """Keep `rows` (the entity's columns with `is_new`) for later."""
        if rows.is_empty():
            return
        path = self.folder / f"{len(self.files):06}.arrow"
        rows.write_ipc(path, compression="lz4")
        self.files.append((entity, path))
        self.rows += len(rows)

    def __iter__(self) -> Iterator[tuple[Entity, pl.DataFrame]]:
        """The kept frames in the order they came; each is removed from disk once read."""
        for entity, path in self.files:
            rows = pl.read_ipc(path)
            path.unlink()
            yield entity, rows


def named_records(entity: Entity, rows: pl.DataFrame) -> pl.Series:
    """The ids of the customer records that the events name."""
    named = [rows[record] for owner, record, _ in PARTY_COLUMNS if owner is TABLES[entity]]
    return pl.concat([ids.alias("id") for ids in named]).drop_nulls().unique()


def write_events(connection: Connection, entity: Entity, rows: pl.DataFrame, records: pl.DataFrame) -> pl.Series:
    """Write the rows with the customers of `records` (id, customer_id); new ones in, changed ones renewed.

    Returns the ids of the customers whose events they are or were.
    """
    events = TABLES[entity]
    placed = rows
    parties = [(record, customer) for owner, record, customer in PARTY_COLUMNS if owner is events]
    for record, customer in parties:
        of_record = records.rename({"id": record, "customer_id": customer})
        placed = placed.join(of_record, on=record, how="left", maintain_order="left")
    names = [customer for _, customer in parties]
    before = _parties_of(connection, events, names, placed.filter(~pl.col("is_new"))["id"])
    dated = placed.with_columns(_instant(entity)) if "at" in events.c else placed
    insert_frame(connection, events, dated.filter("is_new").drop("is_new"))
    update_frame(connection, events, dated.filter(~pl.col("is_new")).drop("is_new"))
    log_changes(connection, events, dated["id"])
    return pl.concat([frame[name].alias("id") for frame in (before, placed) for name in names]).drop_nulls().unique()


def _parties_of(connection: Connection, events: Table, names: Sequence[str], ids: pl.Series) -> pl.DataFrame:
    query = select(*(events.c[name] for name in names))
    stage(connection, "staged_events", ids.to_frame("id"))
    staged = select(table("staged_events", column("id")).c.id)
    return read_frame(connection, query.where(events.c.id.in_(staged)))


def mark_seen(connection: Connection, among: pl.Series | None = None) -> None:
    """Set every customer's first and last seen instant from its events, or those of some by id; null without any.

    A visit that is only planned does not count.
    """
    if among is not None and len(among) * _FEW_OF_ALL < next_id(connection, customers):
        _mark_some_seen(connection, among)
        return
    sightings = [
        select(events.c[customer].label("customer"), func.min(at).label("first"), func.max(at).label("last")).group_by(
            events.c[customer]
        )
        for events, customer, at in _SIGHTINGS
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


def _mark_some_seen(connection: Connection, ids: pl.Series) -> None:
    """Looks up the ends of each customer's events by index."""
    ends = [
        select(end(at)).where(events.c[customer] == customers.c.id).scalar_subquery().label(f"{name}{place}")
        for place, (events, customer, at) in enumerate(_SIGHTINGS)
        for name, end in (("first", func.min), ("last", func.max))
    ]
    stage(connection, "staged_customers", ids.to_frame("id"))
    staged = select(table("staged_customers", column("id")).c.id)
    columns = (customers.c.id, customers.c.first_seen_at, customers.c.last_seen_at)
    found = read_frame(connection, select(*columns, *ends).where(customers.c.id.in_(staged)))
    first, last = pl.min_horizontal(pl.col("^first\\d$")), pl.max_horizontal(pl.col("^last\\d$"))
    seen = found.select("id", "first_seen_at", "last_seen_at", first=first, last=last)
    others = pl.col("first_seen_at").ne_missing(pl.col("first")) | pl.col("last_seen_at").ne_missing(pl.col("last"))
    update_frame(connection, customers, seen.filter(others).select("id", first_seen_at="first", last_seen_at="last"))


def _instant(entity: Entity) -> pl.Expr:
    order = ("accepted_at", "delivered_at", "promised_at") if entity == "shipment" else ("held_at", "due_at")
    return pl.coalesce(order).alias("at")
