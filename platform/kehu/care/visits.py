"""Visits that are due: each customer's next one, by plan or by what its levels grant."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Subquery,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
)

from kehu.care.grants import Grant, duration_grants, shortest_span
from kehu.care.instants import Earliest, Later
from kehu.care.queues import Queue, Slice, read_slice
from kehu.store.counting import count_rows
from kehu.tables.columns import Instant
from kehu.tables.facts import customers, visits
from kehu.tables.runs import memberships

TREATMENT = "visit_every"


@dataclass(frozen=True, slots=True)
class DueVisit:
    """A customer's next visit; `last_held_at` is None for a customer never visited."""

    customer_id: int
    due_at: datetime
    last_held_at: datetime | None
    is_overdue: bool


def visits_due(connection: Connection, as_of: datetime, until: datetime, window: Slice) -> Queue[DueVisit]:
    """Customers whose next visit is due by `until`, the longest overdue first; overdue means before `as_of`.

    Due is the earliest of: a planned visit not yet held, the next date agreed at the last visit held, and the
    last visit held (else the day the customer was first seen) plus the shortest `visit_every` of its levels.
    A customer with an interval and none of those dates is due at `as_of`.
    """
    due = _due(duration_grants(connection, TREATMENT))
    statement = select(due.c.customer_id, due.c.due_at, due.c.last_held_at).where(due.c.due_at <= until)
    keys = (due.c.due_at, due.c.customer_id)
    return read_slice(connection, statement, keys, window, lambda row: _visit(row, as_of), as_of=as_of)


def count_visits_due(connection: Connection, as_of: datetime, until: datetime, *, up_to: int | None = None) -> int:
    """How long the queue is; `up_to` stops counting there."""
    due = _due(duration_grants(connection, TREATMENT))
    return count_rows(connection, select(due.c.due_at).where(due.c.due_at <= until), up_to=up_to, as_of=as_of)


# The parameter that the values of `_due` are computed for.
_AS_OF = bindparam("as_of", type_=Instant())


@lru_cache(maxsize=8)
def _due(grants: tuple[Grant, ...]) -> Subquery:
    """Kept, since SQLAlchemy takes longer to build it than databases to read a small carrier's visits."""
    interval = (
        select(shortest_span(grants))
        .where(memberships.c.customer_id == customers.c.id, memberships.c.until_run_id.is_(None))
        .scalar_subquery()
    )
    held = _last_held(visits.c.held_at)
    by_interval = Later(func.coalesce(held, customers.c.first_seen_at), interval)
    earliest = Earliest(_planned(), _last_held(visits.c.next_due_at), by_interval)
    at_once = case((interval.is_not(None), _AS_OF))
    return select(
        customers.c.id.label("customer_id"),
        type_coerce(func.coalesce(earliest, at_once), Instant()).label("due_at"),
        held.label("last_held_at"),
    ).subquery()


def _last_held(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(column)
        .where(visits.c.customer_id == customers.c.id, visits.c.held_at <= _AS_OF)
        .order_by(visits.c.held_at.desc(), visits.c.id.desc())
        .limit(1)
        .correlate(customers)
        .scalar_subquery()
    )


def _planned() -> ColumnElement[Any]:
    """The earliest planned visit that was neither held nor overtaken by one held at or after its date."""
    later = visits.alias("later")
    overtaken = exists().where(
        later.c.customer_id == customers.c.id, later.c.held_at <= _AS_OF, later.c.held_at >= visits.c.due_at
    )
    pending = or_(visits.c.held_at.is_(None), visits.c.held_at > _AS_OF)
    return (
        select(func.min(visits.c.due_at))
        .where(visits.c.customer_id == customers.c.id, pending, ~overtaken)
        .correlate(customers)
        .scalar_subquery()
    )


def _visit(row: Row[Any], as_of: datetime) -> DueVisit:
    return DueVisit(row.customer_id, row.due_at, row.last_held_at, is_overdue=row.due_at < as_of)
