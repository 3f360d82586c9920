"""What happened with a customer, of every kind in one list."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum

import strawberry

from kehu.reader import events, memberships, timeline, warnings
from kehu.reader.keyset import Page
from kehu_graphql.connections import Connection, Paging, connection
from kehu_graphql.context import Context, Info
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node
from kehu_graphql.types.events import complaint_node, shipment_node, visit_node
from kehu_graphql.types.membership import membership_node
from kehu_graphql.types.warning import warning_node


@strawberry.enum(description="The kinds of events that a timeline tells of.")
class TimelineKind(Enum):
    SHIPMENT = strawberry.enum_value("shipment", description="A shipment was accepted, else delivered or promised.")
    COMPLAINT = strawberry.enum_value("complaint", description="A complaint was opened.")
    VISIT = strawberry.enum_value("visit", description="A visit was held, or is due.")
    WARNING = strawberry.enum_value("warning", description="A churn sign fired.")
    LEVEL = strawberry.enum_value("level", description="The customer entered a level.")


@strawberry.type(description="One event in a customer's life.")
class TimelineEvent:
    at: datetime = strawberry.field(description="When it happened or is due, UTC.")
    kind: TimelineKind = strawberry.field(description="Which of the kinds it is.")
    row: strawberry.Private[timeline.Entry]

    @resolved("The event itself: a Shipment, Complaint, Visit, Warning or SegmentMembership.")
    async def node(self, info: Info) -> Node:
        found = await _FETCHED[self.row.kind](info.context, self.row.id)
        if found is None:
            raise ExpectedError(f"{self.row.kind} {self.row.id} is gone; ask for the timeline again")
        return found


async def timeline_of(
    context: Context, customer_id: int, kinds: list[TimelineKind] | None, paging: Paging
) -> Connection[TimelineEvent]:
    """The kinds asked for, all of them for None."""
    wanted = timeline.KINDS if kinds is None else _named(kinds)
    cursors = Cursors(f"timeline:{','.join(wanted)}", ("instant", "whole", "whole"))
    window = paging.window(cursors)
    page = await context.reads.one(timeline.timelines, customer_id, wanted, window) if wanted else None

    async def count(up_to: int | None) -> int:
        return await context.reads.one(timeline.count_timelines, customer_id, wanted, up_to) or 0

    return connection(page or Page(), _event, window, cursors, count)


def _named(kinds: list[TimelineKind]) -> tuple[timeline.Kind, ...]:
    names = {kind.name.lower() for kind in kinds}
    return tuple(kind for kind in timeline.KINDS if kind in names)


def _event(row: timeline.Entry) -> TimelineEvent:
    return TimelineEvent(at=row.at, kind=TimelineKind[row.kind.upper()], row=row)


async def _shipment(context: Context, key: int) -> Node | None:
    found = await context.reads.one(events.shipments_by_id, key)
    return None if found is None else shipment_node(found)


async def _complaint(context: Context, key: int) -> Node | None:
    found = await context.reads.one(events.complaints_by_id, key)
    return None if found is None else complaint_node(found)


async def _visit(context: Context, key: int) -> Node | None:
    found = await context.reads.one(events.visits_by_id, key)
    return None if found is None else visit_node(found)


async def _warning(context: Context, key: int) -> Node | None:
    found = await context.reads.one(warnings.warnings_by_id, key)
    return None if found is None else warning_node(found)


async def _level(context: Context, key: int) -> Node | None:
    found = await context.reads.one(memberships.memberships_by_id, key)
    return None if found is None else membership_node(found)


_FETCHED: dict[timeline.Kind, Callable[[Context, int], Awaitable[Node | None]]] = {
    "shipment": _shipment,
    "complaint": _complaint,
    "visit": _visit,
    "warning": _warning,
    "level": _level,
}
