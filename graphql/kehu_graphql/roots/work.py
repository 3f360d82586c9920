"""Root fields on work to do: open warnings, complaints by rank, visits due."""

from datetime import datetime, timedelta
from typing import TypeVar, cast

import strawberry

from kehu.care import complaints, visits, warnings
from kehu.care.queues import Place, Queue, Slice
from kehu.model.durations import parse_duration
from kehu.model.graph import SEVERITIES
from kehu.model.problems import did_you_mean
from kehu.reader.keyset import Page, Window
from kehu.reader.warnings import FiredWarning, warnings_by_id
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging, connection
from kehu_graphql.context import Context, Info
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.instants import moved, utc
from kehu_graphql.published import known_rule_set
from kehu_graphql.types.queue import RankedComplaint, VisitDue, ranked_complaint_value, visit_due_value
from kehu_graphql.types.warning import ChurnWarning, warning_node

EntryType = TypeVar("EntryType")

_WARNING_CURSORS = Cursors("openWarnings", ("whole", "whole"))
_COMPLAINT_CURSORS = Cursors("complaintsByRank", ("whole", "whole", "instant", "whole"))
_VISIT_CURSORS = Cursors("visitsDue", ("instant", "whole"))


@strawberry.input(description="Which open warnings are wanted; several conditions must all hold.")
class WarningWhere:
    route: str | None = strawberry.field(default=None, description='Told to this department, e.g. "customer_service".')
    severity: str | None = strawberry.field(default=None, description="low, medium, high or emergency.")
    rule_set: str | None = strawberry.field(default=None, description="Raised by it; an unknown code is an error.")
    code: str | None = strawberry.field(default=None, description='This sign, e.g. "volume_collapse".')
    owner: str | None = strawberry.field(default=None, description="The account manager's employee number.")


@strawberry.type
class WorkQueries:
    """Mixed into the root query."""

    @resolved("Open warnings: the gravest first, then the newest.")
    async def warnings(
        self, info: Info, where: WarningWhere | None = None, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[ChurnWarning]:
        wanted = await _warning_filter(info.context, where or WarningWhere())
        window = Paging(first, after).window(_WARNING_CURSORS)
        reads = info.context.reads
        queue = await reads.once(warnings.open_warnings, wanted, _slice(window))
        page = await _warning_page(info.context, queue)
        return connection(
            page,
            warning_node,
            window,
            _WARNING_CURSORS,
            lambda up_to: reads.once(warnings.count_open_warnings, wanted, up_to=up_to),
        )

    @resolved(
        "Open complaints: emergencies first, then by the customer's rank, then the oldest first. "
        "`asOf` is now unless told otherwise."
    )
    async def complaints_by_rank(
        self, info: Info, as_of: datetime | None = None, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[RankedComplaint]:
        instant = await _instant(as_of, info.context)
        window = Paging(first, after).window(_COMPLAINT_CURSORS)
        reads = info.context.reads
        queue = await reads.once(complaints.complaints_by_rank, instant, _slice(window))
        return connection(
            _page(queue),
            ranked_complaint_value,
            window,
            _COMPLAINT_CURSORS,
            lambda up_to: reads.once(complaints.count_open_complaints, instant, up_to=up_to),
        )

    @resolved(
        "Customers whose next visit is due, the longest overdue first. `asOf` is now unless told "
        'otherwise; `within` also takes visits due that long after it, e.g. "7 days".'
    )
    async def visits_due(
        self,
        info: Info,
        as_of: datetime | None = None,
        within: str | None = None,
        first: int | None = DEFAULT_FIRST,
        after: str | None = None,
    ) -> Connection[VisitDue]:
        instant = await _instant(as_of, info.context)
        until = moved(instant, _span(within), "within")
        window = Paging(first, after).window(_VISIT_CURSORS)
        reads = info.context.reads
        queue = await reads.once(visits.visits_due, instant, until, _slice(window))
        return connection(
            _page(queue),
            visit_due_value,
            window,
            _VISIT_CURSORS,
            lambda up_to: reads.once(visits.count_visits_due, instant, until, up_to=up_to),
        )


async def _warning_filter(context: Context, where: WarningWhere) -> warnings.WarningFilter:
    if where.rule_set is not None:
        await known_rule_set(context, where.rule_set)
    if where.severity is not None and where.severity not in SEVERITIES:
        raise ExpectedError(f"unknown severity '{where.severity}'; {did_you_mean(where.severity, SEVERITIES)}")
    return warnings.WarningFilter(
        route=where.route, severity=where.severity, ruleset=where.rule_set, warning=where.code, owner=where.owner
    )


async def _warning_page(context: Context, queue: Queue[int]) -> Page[FiredWarning]:
    found = await context.reads.together([context.reads.one(warnings_by_id, key) for key in queue.entries])
    kept = [(row, place) for row, place in zip(found, queue.places, strict=True) if row is not None]
    return Page(tuple(row for row, _ in kept), tuple(place for _, place in kept), queue.has_more)


def _slice(window: Window) -> Slice:
    # The cursors of queues hold no unknown values: their keys are never null.
    return Slice(window.size, cast("Place | None", window.beside))


def _page(queue: Queue[EntryType]) -> Page[EntryType]:
    return Page(queue.entries, queue.places, queue.has_more)


async def _instant(asked: datetime | None, context: Context) -> datetime:
    return await context.now() if asked is None else utc(asked, "asOf")


def _span(within: str | None) -> timedelta:
    if within is None:
        return timedelta(0)
    try:
        return parse_duration(within)
    except ValueError as error:
        raise ExpectedError(f"within: {error}") from None
