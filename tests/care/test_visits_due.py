"""Visits due beside a plain reading of every customer's visits and levels."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, delete, insert, select

from kehu.care.grants import duration_grants
from kehu.care.queues import Slice
from kehu.care.visits import TREATMENT, DueVisit, count_visits_due, visits_due
from kehu.tables.facts import customers, visits
from kehu.tables.runs import memberships

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    """One row of the table."""

    id: int
    customer: int | None
    due_at: datetime | None
    held_at: datetime | None
    next_due_at: datetime | None


def _visits(dice: Random) -> list[Visit]:
    def sometimes() -> datetime | None:
        # Few instants, so that some are equal.
        return START + timedelta(days=dice.randrange(30)) if dice.random() < 0.6 else None

    return [
        Visit(number, dice.choice([None, *range(1, 13)]), sometimes(), sometimes(), sometimes())
        for number in range(1, 40)
    ]


def _due_of(
    one: int, found: list[Visit], as_of: datetime, interval: timedelta | None, seen: datetime | None
) -> DueVisit | None:
    own = [visit for visit in found if visit.customer == one]
    held = [(visit.held_at, visit.id, visit) for visit in own if visit.held_at and visit.held_at <= as_of]
    last = max(held)[2] if held else None
    dates = [
        visit.due_at
        for visit in own
        if visit.due_at and not (visit.held_at and visit.held_at <= as_of) and all(at < visit.due_at for at, *_ in held)
    ]
    dates += [last.next_due_at] if last and last.next_due_at else []
    base = last.held_at if last else seen
    dates += [base + interval] if base and interval else []
    due = min(dates, default=as_of if interval else None)
    return None if due is None else DueVisit(one, due, last.held_at if last else None, is_overdue=due < as_of)


@pytest.mark.parametrize("seed", range(25))
def test_the_queue_is_what_a_plain_reading_finds(connection: Connection, seed: int) -> None:
    dice = Random(seed)
    found = _visits(dice)
    connection.execute(delete(visits))
    common = {"customer_record_id": 101}
    connection.execute(
        insert(visits),
        [
            {"id": each.id, "number": str(each.id), "customer_id": each.customer, "due_at": each.due_at}
            | {"held_at": each.held_at, "next_due_at": each.next_due_at, "at": each.held_at or each.due_at, **common}
            for each in found
        ],
    )
    spans = {(grant.ruleset, grant.level): grant.span for grant in duration_grants(connection, TREATMENT)}
    held = select(memberships.c.customer_id, memberships.c.ruleset, memberships.c.level)
    levels = connection.execute(held.where(memberships.c.until_run_id.is_(None))).all()
    as_of, until = (START + timedelta(days=dice.randrange(30)) for _ in range(2))
    expected = []
    for one, seen in connection.execute(select(customers.c.id, customers.c.first_seen_at)):
        own = [spans[ruleset, level] for whose, ruleset, level in levels if whose == one and (ruleset, level) in spans]
        due = _due_of(one, found, as_of, min(own, default=None), seen)
        expected += [due] if due and due.due_at <= until else []
    queue = visits_due(connection, as_of, until, Slice(100))
    assert list(queue.entries) == sorted(expected, key=lambda each: (each.due_at, each.customer_id))
    assert count_visits_due(connection, as_of, until) == len(expected)
