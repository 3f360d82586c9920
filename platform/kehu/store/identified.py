"""Customer records beside the customers that they resolved to."""

import polars as pl
from sqlalchemy import Connection, select

from kehu.identity.resolve import anchors, normalised
from kehu.store.bulk import read_frame
from kehu.store.concerned import read_customer_records
from kehu.store.identity_decisions import RecordName
from kehu.tables.facts import customer_records, customers, source_records


def read_identified(connection: Connection, phone_region: str) -> pl.DataFrame:
    """Every customer record as `normalised` has it, with the `uid` of its customer."""
    known = read_frame(connection, select(customers.c.id.label("customer_id"), customers.c.uid))
    return normalised(read_customer_records(connection), phone_region).join(known, on="customer_id")


def read_assignments(connection: Connection) -> pl.DataFrame:
    """Columns origin, system, key, customer (its uid), name, ordered by the first three."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id).join(
        customers, customers.c.id == customer_records.c.customer_id
    )
    columns = (customer_records.c.origin, source_records.c.system, source_records.c.key)
    query = select(*columns, customers.c.uid.label("customer"), customer_records.c.name).select_from(joined)
    return read_frame(connection, query).sort("origin", "system", "key")


def records_of(connection: Connection, customer_id: int) -> tuple[RecordName, ...]:
    """The names of a customer's records, the one first that its uid is made of."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (customer_records.c.origin, source_records.c.system, source_records.c.key)
    query = select(*columns).select_from(joined).where(customer_records.c.customer_id == customer_id)
    return tuple(RecordName(*row) for row in read_frame(connection, query).sort(anchors()).rows())
