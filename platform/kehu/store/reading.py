"""What a run reads: customers with their attributes, and the events its features count."""

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, func, select

from kehu.store.bulk import read_frame
from kehu.tables.facts import complaints, contacts, customers, shipments, visits

STREAM_TABLES = {"shipments": shipments, "complaints": complaints, "visits": visits, "contacts": contacts}


def read_customers(connection: Connection, attributes: set[str]) -> pl.DataFrame:
    """Every customer by id: `customer`, then the named attributes."""
    columns = [customers.c[name] for name in sorted(attributes)]
    return read_frame(connection, select(customers.c.id.label("customer"), *columns).order_by(customers.c.id))


def read_events(connection: Connection, stream: str, columns: set[str]) -> pl.DataFrame:
    """The named columns of every event of that kind, in the order they were recorded."""
    events = STREAM_TABLES[stream]
    return read_frame(connection, select(*(events.c[name] for name in sorted(columns))).order_by(events.c.id))


def latest_event(connection: Connection) -> datetime | None:
    """The instant of the newest thing that happened; None when there are no events. Plans do not count."""
    happened = (shipments.c.accepted_at, shipments.c.delivered_at, complaints.c.opened_at, visits.c.held_at)
    latest = [connection.execute(select(func.max(at))).scalar() for at in happened]
    return max((instant for instant in latest if instant is not None), default=None)
