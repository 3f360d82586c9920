"""Visits that are due: each customer's next one, by plan or by what its levels grant."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    FromClause,
    Row,
    Subquery,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from kehu.care.grants import MICROSECOND, Grant, duration_grants
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
    """Of everybody at once, since looking each customer's visits and levels up takes several times as long.

    Kept, since SQLAlchemy takes longer to build it than databases to read a small carrier's visits.
    """
    last, interval = _last_held(), _intervals(grants)
    planned = _planned(last)
    by_interval = Later(func.coalesce(last.c.held_at, customers.c.first_seen_at), interval.c.span)
    earliest = Earliest(planned.c.due_at, last.c.next_due_at, by_interval)
    at_once = case((interval.c.span.is_not(None), _AS_OF))
    known: FromClause = customers
    for found in (interval, last, planned):
        known = known.outerjoin(found, found.c.customer_id == customers.c.id)
    return (
        select(
            customers.c.id.label("customer_id"),
            type_coerce(func.coalesce(earliest, at_once), Instant()).label("due_at"),
            last.c.held_at.label("last_held_at"),
        )
        .select_from(known)
        .subquery()
    )


def _intervals(grants: tuple[Grant, ...]) -> CTE:
    """The shortest span of each customer's levels, in microseconds; without grants nobody has one."""
    spans = [
        select(memberships.c.customer_id, literal(grant.span // MICROSECOND, BigInteger()).label("span")).where(
            memberships.c.ruleset == grant.ruleset,
            memberships.c.level == grant.level,
            memberships.c.until_run_id.is_(None),
        )
        for grant in grants
    ]
    none = select(memberships.c.customer_id, null().label("span")).where(false())
    each = union_all(*spans or [none]).subquery()
    return select(each.c.customer_id, func.min(each.c.span).label("span")).group_by(each.c.customer_id).cte("intervals")


def _last_held() -> CTE:
    """Each customer's last visit held, with the next date agreed at it."""
    latest = func.row_number().over(
        partition_by=visits.c.customer_id, order_by=(visits.c.held_at.desc(), visits.c.id.desc())
    )
    held = (
        select(visits.c.customer_id, visits.c.held_at, visits.c.next_due_at, latest.label("place"))
        .where(visits.c.customer_id.is_not(None), visits.c.held_at <= _AS_OF)
        .subquery()
    )
    return select(held.c.customer_id, held.c.held_at, held.c.next_due_at).where(held.c.place == 1).cte("last_held")


def _planned(last: CTE) -> CTE:
    """The earliest planned visit that was neither held nor overtaken by one held at or after its date."""
    pending = or_(visits.c.held_at.is_(None), visits.c.held_at > _AS_OF)
    return (
        select(visits.c.customer_id, func.min(visits.c.due_at).label("due_at"))
        .select_from(visits.outerjoin(last, last.c.customer_id == visits.c.customer_id))
        .where(pending, or_(last.c.held_at.is_(None), last.c.held_at < visits.c.due_at))
        .group_by(visits.c.customer_id)
        .cte("planned")
    )


def _visit(row: Row[Any], as_of: datetime) -> DueVisit:
    return DueVisit(row.customer_id, row.due_at, row.last_held_at, is_overdue=row.due_at < as_of)
