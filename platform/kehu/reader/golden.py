"""Each value of a customer with its source: the record it comes from, or who corrected it, and what chose it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from kehu.identity.golden import CORRECTION
from kehu.identity.rules import GOLDEN_FIELDS
from kehu.store.corrections import NAMING
from kehu.tables.facts import customer_records, customers, employees, source_records
from kehu.tables.golden import corrections
from kehu.tables.golden import golden_values as kept


@dataclass(frozen=True, slots=True)
class StandingCorrection:
    """Who set a value instead of the departments, when and why."""

    id: int
    author: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GoldenValue:
    """A value as text (consent: 'true' or 'false'; owner: the employee's number) and what chose it.

    `rule` is one of `kehu.identity.golden.CHOSEN_BY`. The record is None where none says the value; of `owner` the
    value is None where no employee has the number that the record gives.
    """

    field: str
    value: str | None
    rule: str
    record_id: int | None
    system: str | None
    key: str | None
    correction: StandingCorrection | None


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """A customer's known values, in the order of GOLDEN_FIELDS."""

    uid: str
    values: tuple[GoldenValue, ...]


def golden_values(connection: Connection, customer_ids: Collection[int]) -> dict[int, GoldenRecord]:
    """The golden record of each customer; unknown ids are absent."""
    rows = connection.execute(
        select(customers, employees.c.number.label("owner"))
        .select_from(customers.outerjoin(employees, employees.c.id == customers.c.owner_id))
        .where(customers.c.id.in_(customer_ids))
    ).mappings()
    sources = kept.outerjoin(source_records, source_records.c.id == kept.c.record_id)
    columns = (kept, source_records.c.system, source_records.c.key)
    chosen = connection.execute(select(*columns).select_from(sources).where(kept.c.customer_id.in_(customer_ids)))
    by_place = {(each.customer_id, each.field): each for each in chosen}
    corrected = _corrections(connection, customer_ids)
    found = {}
    for row in rows:
        values = [
            GoldenValue(
                field,
                _text(row[field]),
                each.rule,
                each.record_id,
                each.system,
                each.key,
                corrected.get((row["id"], field)) if each.rule == CORRECTION else None,
            )
            for field in GOLDEN_FIELDS
            if (each := by_place.get((row["id"], field))) is not None
        ]
        found[row["id"]] = GoldenRecord(row["uid"], tuple(values))
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _corrections(connection: Connection, customer_ids: Collection[int]) -> dict[tuple[int, str], StandingCorrection]:
    """The standing corrections by customer and field, the latest of each."""
    named = corrections.join(
        source_records,
        and_(
            source_records.c.system == corrections.c.system,
            source_records.c.key == corrections.c.key,
            source_records.c.entity.in_(NAMING),
        ),
    ).join(
        customer_records,
        and_(customer_records.c.id == source_records.c.id, customer_records.c.origin == corrections.c.origin),
    )
    query = (
        select(customer_records.c.customer_id, corrections)
        .select_from(named)
        .where(customer_records.c.customer_id.in_(customer_ids), corrections.c.ended_at.is_(None))
        .order_by(corrections.c.created_at, corrections.c.id)
    )
    return {
        (each.customer_id, each.field): StandingCorrection(each.id, each.author, each.reason, each.created_at)
        for each in connection.execute(query)
    }
