"""Open complaints by rank: emergencies, then the weightier customers', then the older ones."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, or_, select

from kehu.care.grants import MICROSECOND, Grant, duration_grants, ladder, shortest_span
from kehu.care.queues import Queue, Slice, read_slice
from kehu.store.counting import count_rows
from kehu.tables.columns import Instant
from kehu.tables.facts import complaints
from kehu.tables.runs import memberships

TREATMENT = "complaint_response"
EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class RankedComplaint:
    """An open complaint and the level that ranks its customer; without one it stands behind all that have one.

    `response_due_at` is opened_at plus the shortest response time that any of the customer's levels grants;
    None when none does. Overdue: not responded to by then.
    """

    complaint_id: int
    ruleset: str | None
    level: str | None
    is_emergency: bool
    response_due_at: datetime | None
    is_overdue: bool


def complaints_by_rank(connection: Connection, as_of: datetime, window: Slice) -> Queue[RankedComplaint]:
    """Complaints open as of the instant: emergencies first, then by rank, then the oldest first.

    The rank is the level's place in the rule set that grants `complaint_response` to most of its levels.
    """
    ruleset, levels = ladder(connection, TREATMENT) or ("", ("",))
    statement, keys = _ranking(ruleset, levels, duration_grants(connection, TREATMENT))
    return read_slice(connection, statement, keys, window, lambda row: _ranked(row, ruleset, as_of), as_of=as_of)


@lru_cache(maxsize=8)
def _ranking(
    ruleset: str, levels: tuple[str, ...], grants: tuple[Grant, ...]
) -> tuple[Select[Any], tuple[ColumnElement[Any], ...]]:
    """What is read, and by what it is ordered; kept, since SQLAlchemy takes longer to build it than many a read."""
    level = _current_level(ruleset)
    rank = case({code: place for place, code in enumerate(levels)}, value=level, else_=len(levels))
    emergency = case((complaints.c.severity == EMERGENCY, 0), else_=1)
    statement = select(
        complaints.c.id.label("complaint_id"),
        complaints.c.opened_at,
        complaints.c.responded_at,
        level.label("level"),
        emergency.label("emergency"),
        _granted(grants).label("granted"),
    ).where(_is_open())
    return statement, (emergency, rank, complaints.c.opened_at, complaints.c.id)


def count_open_complaints(connection: Connection, as_of: datetime, *, up_to: int | None = None) -> int:
    """How long the queue is; `up_to` stops counting there."""
    return count_rows(connection, select(complaints.c.id).where(_is_open()), up_to=up_to, as_of=as_of)


def _is_open() -> ColumnElement[bool]:
    """As of the parameter of that name."""
    as_of = bindparam("as_of", type_=Instant())
    unresolved = or_(complaints.c.resolved_at.is_(None), complaints.c.resolved_at > as_of)
    return and_(complaints.c.opened_at <= as_of, unresolved)


def _current_level(ruleset: str) -> ColumnElement[str]:
    return (
        select(func.min(memberships.c.level))
        .where(_is_current(), memberships.c.ruleset == ruleset)
        .correlate(complaints)
        .scalar_subquery()
    )


def _granted(grants: tuple[Grant, ...]) -> ColumnElement[int]:
    return select(shortest_span(grants)).where(_is_current()).correlate(complaints).scalar_subquery()


def _is_current() -> ColumnElement[bool]:
    return and_(memberships.c.customer_id == complaints.c.customer_id, memberships.c.until_run_id.is_(None))


def _ranked(row: Row[Any], ruleset: str, as_of: datetime) -> RankedComplaint:
    due = None if row.granted is None else row.opened_at + row.granted * MICROSECOND
    answered = row.responded_at is not None and row.responded_at <= as_of
    return RankedComplaint(
        complaint_id=row.complaint_id,
        ruleset=None if row.level is None else ruleset,
        level=row.level,
        is_emergency=row.emergency == 0,
        response_due_at=due,
        is_overdue=due is not None and due < as_of and not answered,
    )
