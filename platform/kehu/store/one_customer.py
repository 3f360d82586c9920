"""What features need of one customer alone: its attributes, and its events of each kind."""

from collections.abc import Collection

import polars as pl
from sqlalchemy import Connection, or_, select

from kehu.store.bulk import read_frame
from kehu.store.reading import STREAM_TABLES
from kehu.tables.facts import customers


def read_one_customer(connection: Connection, customer_id: int, attributes: Collection[str]) -> pl.DataFrame:
    """The customer's row: `customer`, then the named attributes; no row when there is none of that id."""
    columns = [customers.c[name] for name in sorted(attributes)]
    query = select(customers.c.id.label("customer"), *columns).where(customers.c.id == customer_id)
    return read_frame(connection, query)


def read_own_events(
    connection: Connection, customer_id: int, stream: str, columns: Collection[str], owners: Collection[str]
) -> pl.DataFrame:
    """The named columns of the events in which the customer is one of `owners`, in the order they were recorded."""
    events = STREAM_TABLES[stream]
    is_own = or_(*(events.c[owner] == customer_id for owner in sorted(owners)))
    wanted = select(*(events.c[name] for name in sorted(columns))).where(is_own)
    return read_frame(connection, wanted.order_by(events.c.id))
