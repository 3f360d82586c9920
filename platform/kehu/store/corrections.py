"""What people say of a customer against its records: taken down, taken back, and as the golden record takes it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, insert, select, tuple_, update

from kehu.identity.golden import CORRECTED_SCHEMA
from kehu.identity.resolve import anchors
from kehu.store.bulk import next_id, read_frame
from kehu.store.identity_decisions import RecordName
from kehu.tables.facts import customer_records, source_records
from kehu.tables.golden import corrections

# The entities whose records name a customer: with them a record is found by index.
NAMING = ("customer", "mention")


@dataclass(frozen=True, slots=True)
class Correction:
    """A customer's right value of a field, as the store keeps texts; `ended_at` is None while it counts.

    The customer is the one that holds `record`, whatever it is joined with.
    """

    id: int
    record: RecordName
    field: str
    value: str
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None


def corrected_values(connection: Connection) -> pl.DataFrame:
    """The corrections that count, as `golden_records` takes them: the oldest first."""
    table = corrections
    columns = (table.c.origin, table.c.system, table.c.key, table.c.field, table.c.value)
    standing = select(*columns).where(table.c.ended_at.is_(None)).order_by(table.c.created_at, table.c.id)
    found = read_frame(connection, standing)
    if found.is_empty():
        return pl.DataFrame(schema=CORRECTED_SCHEMA)
    return found.select(anchors().alias("anchor"), "field", "value")


def add_correction(connection: Connection, correction: Correction) -> int:
    """Take a correction down under the next id, which is returned; the one it has is ignored."""
    number = next_id(connection, corrections)
    values = {each.name: getattr(correction, each.name) for each in fields(correction)} | {"id": number}
    name: RecordName = values.pop("record")
    values |= {"origin": name.origin, "system": name.system, "key": name.key}
    connection.execute(insert(corrections).values(**values))
    return number


def end_correction(connection: Connection, number: int, *, by: str, reason: str, now: datetime) -> None:
    """Take a correction back; one that was taken back already, or does not exist, is left as it is."""
    standing = (corrections.c.id == number, corrections.c.ended_at.is_(None))
    connection.execute(update(corrections).where(*standing).values(ended_at=now, ended_by=by, ended_reason=reason))


def all_corrections(connection: Connection) -> tuple[Correction, ...]:
    """Every correction, the oldest first."""
    rows = connection.execute(select(corrections).order_by(corrections.c.id)).mappings()
    parts = ("origin", "system", "key")
    return tuple(
        Correction(
            record=RecordName(row["origin"], row["system"], row["key"]),
            **{name: value for name, value in row.items() if name not in parts},
        )
        for row in rows
    )


def holders_of(connection: Connection, names: Sequence[RecordName]) -> pl.Series:
    """The ids of the customers that hold the records; of records that are not loaded there is none."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (customer_records.c.origin, source_records.c.system, source_records.c.key)
    is_one = tuple_(*columns).in_([(each.origin, each.system, each.key) for each in names])
    of_customers = source_records.c.entity.in_(NAMING)
    query = select(customer_records.c.customer_id).select_from(joined).where(of_customers, is_one).distinct()
    return read_frame(connection, query)["customer_id"]
