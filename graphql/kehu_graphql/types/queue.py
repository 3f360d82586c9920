"""Queues that follow from levels: complaints by rank, visits due."""

from datetime import datetime

import strawberry

from kehu.care.complaints import RankedComplaint as RankedRow
from kehu.care.visits import DueVisit as DueRow
from kehu.reader import events
from kehu_graphql.context import Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.published import known_rule_set
from kehu_graphql.types.events import Complaint, complaint_node
from kehu_graphql.types.links import CustomerLink
from kehu_graphql.types.rule_set import Level, level_node


@strawberry.type(description="An open complaint in its place in the queue.")
class RankedComplaint:
    is_emergency: bool = strawberry.field(description="Goes before everything else.")
    response_due_at: datetime | None = strawberry.field(
        description="Opening plus the shortest response time the customer's levels grant, UTC; null when none does."
    )
    is_overdue: bool = strawberry.field(description="Not answered although the response was due.")
    row: strawberry.Private[RankedRow]

    @resolved("The complaint; null if it was taken out meanwhile.")
    async def complaint(self, info: Info) -> Complaint | None:
        found = await info.context.reads.one(events.complaints_by_id, self.row.complaint_id)
        return None if found is None else complaint_node(found)

    @resolved("The level that ranks the customer; null when in none.")
    async def level(self, info: Info) -> Level | None:
        if self.row.ruleset is None or self.row.level is None:
            return None
        rule_set = await known_rule_set(info.context, self.row.ruleset)
        found = rule_set.level(self.row.level)
        return None if found is None else level_node(rule_set, found)


@strawberry.type(description="A customer's next visit.")
class VisitDue:
    due_at: datetime = strawberry.field(
        description="The earliest of: planned, agreed at the last visit, last visit plus what the levels grant; UTC."
    )
    is_overdue: bool = strawberry.field(description="Due before the instant asked for.")
    last_held_at: datetime | None = strawberry.field(description="The last visit, UTC; null when never visited.")
    row: strawberry.Private[DueRow]

    @resolved("Whom to visit; null if taken out meanwhile.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.customer_id)


def ranked_complaint_value(row: RankedRow) -> RankedComplaint:
    """An entry of the complaint queue as clients see it."""
    return RankedComplaint(
        is_emergency=row.is_emergency, response_due_at=row.response_due_at, is_overdue=row.is_overdue, row=row
    )


def visit_due_value(row: DueRow) -> VisitDue:
    """An entry of the visit queue as clients see it."""
    return VisitDue(due_at=row.due_at, is_overdue=row.is_overdue, last_held_at=row.last_held_at, row=row)
