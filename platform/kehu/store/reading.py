"""What a run reads: customers with their attributes, and the events its features count."""

import polars as pl
from sqlalchemy import Connection, select

from kehu.store.bulk import read_frame
from kehu.store.events import TABLES
from kehu.tables.facts import contacts, customers

STREAM_TABLES = {
    "shipments": TABLES["shipment"],
    "complaints": TABLES["complaint"],
    "visits": TABLES["visit"],
    "contacts": contacts,
}


def read_customers(connection: Connection, attributes: set[str]) -> pl.DataFrame:
    """Every customer by id: `customer`, then the named attributes."""
    columns = [customers.c[name] for name in sorted(attributes)]
    return read_frame(connection, select(customers.c.id.label("customer"), *columns).order_by(customers.c.id))


def read_events(connection: Connection, stream: str, columns: set[str]) -> pl.DataFrame:
    """The named columns of every event of that kind, in the order they were recorded."""
    events = STREAM_TABLES[stream]
    return read_frame(connection, select(*(events.c[name] for name in sorted(columns))).order_by(events.c.id))
