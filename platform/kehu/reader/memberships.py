"""Which level of which rule set a customer is in, since when, until when, and why."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, or_, select

from kehu.reader.listings import Listing
from kehu.tables.runs import deciding_version, membership_notes, memberships, runs


@dataclass(frozen=True, slots=True)
class Membership:
    """An interval [`since`, `until`), instants of the runs' as-of; open while `until` is None.

    Of `reasons`, `when` is the condition that held and `features` the values it held over. While a level is kept
    although its condition is not met, `below_since` is since when, `drops_at` the first instant at which a run takes
    it away if nothing changes. `override_id` is the person's decision that put the customer here. `held_since` is as
    of when the customer had the level before a rollback gave it back; None for all other beginnings.
    """

    id: int
    customer_id: int
    ruleset: str
    level: str
    from_run_id: int
    until_run_id: int | None
    digest: str
    reasons: Mapping[str, Any]
    since: datetime
    until: datetime | None
    below_since: datetime | None
    drops_at: datetime | None
    override_id: int | None
    held_since: datetime | None


_FROM, _UNTIL = runs.alias("from_run"), runs.alias("until_run")
_COLUMNS = (
    memberships.c.id,
    memberships.c.customer_id,
    memberships.c.ruleset,
    memberships.c.level,
    memberships.c.from_run_id,
    memberships.c.until_run_id,
    deciding_version(memberships),
    memberships.c.reasons,
    _FROM.c.as_of,
    _UNTIL.c.as_of,
    memberships.c.below_since,
    memberships.c.drops_at,
    memberships.c.override_id,
    memberships.c.held_since,
)
_SOURCE = memberships.join(_FROM, _FROM.c.id == memberships.c.from_run_id).outerjoin(
    _UNTIL, _UNTIL.c.id == memberships.c.until_run_id
)

MEMBERSHIP_HISTORY = Listing(
    memberships.c.id, (memberships.c.customer_id,), _SOURCE, _COLUMNS, lambda row: Membership(*row[: len(_COLUMNS)])
)

_WANTED: BindParameter[int] = bindparam("wanted", expanding=True)
# Written once, since SQLAlchemy takes longer to build and compare a statement than to run it.
_CURRENT = (
    select(*_COLUMNS)
    .select_from(_SOURCE)
    .where(memberships.c.customer_id.in_(_WANTED), memberships.c.until_run_id.is_(None))
    .order_by(memberships.c.id)
)
_LEVELS = (
    select(memberships.c.customer_id, memberships.c.level)
    .where(memberships.c.customer_id.in_(_WANTED), memberships.c.until_run_id.is_(None))
    .where(memberships.c.ruleset == bindparam("ruleset"))
    .order_by(memberships.c.id.desc())
)
_BY_ID = select(*_COLUMNS).select_from(_SOURCE).where(memberships.c.id.in_(_WANTED))


def current_memberships(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[Membership, ...]]:
    """What the published run says of each customer, by rule set; customers in no level are absent."""
    rows = connection.execute(_CURRENT, {"wanted": list(customer_ids)})
    return _by_customer(MEMBERSHIP_HISTORY.build(row) for row in rows)


def current_levels(connection: Connection, customer_ids: Collection[int], ruleset: str) -> dict[int, str]:
    """The level of each customer in one rule set by the published run, of several the one entered first.

    Customers in none are absent.
    """
    rows = connection.execute(_LEVELS, {"wanted": list(customer_ids), "ruleset": ruleset})
    return {row.customer_id: row.level for row in rows}


def memberships_in_run(
    connection: Connection, customer_ids: Collection[int], run_id: int
) -> dict[int, tuple[Membership, ...]]:
    """What a published run said of each customer, with what was noted of it then; customers in no level are absent.

    Of customers merged since, the heir also has what the others were in.
    """
    of_those = memberships.c.customer_id.in_(customer_ids)
    statement = select(*_COLUMNS).select_from(_SOURCE).where(of_those, in_run(run_id)).order_by(memberships.c.id)
    found = [MEMBERSHIP_HISTORY.build(row) for row in connection.execute(statement)]
    notes = _notes_in_run(connection, [row.id for row in found], run_id)
    return _by_customer(replace(row, **notes.get(row.id, {})) for row in found)


def in_run(run_id: int) -> ColumnElement[bool]:
    """Of memberships: open in a published run."""
    return and_(
        memberships.c.from_run_id <= run_id,
        or_(memberships.c.until_run_id.is_(None), memberships.c.until_run_id > run_id),
    )


def _notes_in_run(connection: Connection, ids: Collection[int], run_id: int) -> dict[int, dict[str, Any]]:
    later = (membership_notes.c.membership_id.in_(ids), membership_notes.c.until_run_id > run_id)
    rows = connection.execute(
        select(membership_notes).where(*later).order_by(membership_notes.c.until_run_id.desc())
    ).mappings()
    # The earliest change after the run is read last and stays: until then it said what the run said.
    names = ("below_since", "drops_at", "override_id", "held_since")
    return {row["membership_id"]: {name: row[name] for name in names} for row in rows}


def _by_customer(found: Iterable[Membership]) -> dict[int, tuple[Membership, ...]]:
    grouped: dict[int, tuple[Membership, ...]] = {}
    for membership in found:
        grouped[membership.customer_id] = (*grouped.get(membership.customer_id, ()), membership)
    return grouped


def memberships_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Membership]:
    """Unknown ids are absent."""
    rows = connection.execute(_BY_ID, {"wanted": list(ids)})
    return {row.id: MEMBERSHIP_HISTORY.build(row) for row in rows}
