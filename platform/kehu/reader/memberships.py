"""Which level of which rule set a customer is in, since when, until when, and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from kehu.reader.listings import Listing
from kehu.tables.runs import memberships, runs


@dataclass(frozen=True, slots=True)
class Membership:
    """An interval [`since`, `until`), instants of the runs' as-of; open while `until` is None.

    Of `reasons`, `when` is the condition that held and `features` the values it held over. While a level is kept
    although its condition is not met, `below_since` is since when, `drops_at` the first instant at which a run takes
    it away if nothing changes. `override_id` is the person's decision that put the customer here.
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


_FROM, _UNTIL = runs.alias("from_run"), runs.alias("until_run")
_COLUMNS = (
    memberships.c.id,
    memberships.c.customer_id,
    memberships.c.ruleset,
    memberships.c.level,
    memberships.c.from_run_id,
    memberships.c.until_run_id,
    memberships.c.digest,
    memberships.c.reasons,
    _FROM.c.as_of,
    _UNTIL.c.as_of,
    memberships.c.below_since,
    memberships.c.drops_at,
    memberships.c.override_id,
)
_SOURCE = memberships.join(_FROM, _FROM.c.id == memberships.c.from_run_id).outerjoin(
    _UNTIL, _UNTIL.c.id == memberships.c.until_run_id
)

MEMBERSHIP_HISTORY = Listing(
    memberships.c.id, (memberships.c.customer_id,), _SOURCE, _COLUMNS, lambda row: Membership(*row[: len(_COLUMNS)])
)


def current_memberships(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[Membership, ...]]:
    """What the published run says of each customer, by rule set; customers in no level are absent."""
    statement = (
        select(*_COLUMNS)
        .select_from(_SOURCE)
        .where(memberships.c.customer_id.in_(customer_ids), memberships.c.until_run_id.is_(None))
        .order_by(memberships.c.id)
    )
    found: dict[int, tuple[Membership, ...]] = {}
    for row in connection.execute(statement):
        membership = MEMBERSHIP_HISTORY.build(row)
        found[membership.customer_id] = (*found.get(membership.customer_id, ()), membership)
    return found


def memberships_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Membership]:
    """Unknown ids are absent."""
    rows = connection.execute(select(*_COLUMNS).select_from(_SOURCE).where(memberships.c.id.in_(ids)))
    return {row.id: MEMBERSHIP_HISTORY.build(row) for row in rows}
