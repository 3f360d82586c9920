"""What people note while they work: complaints, how they end, visits that were held."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import Connection
from strawberry.utils.str_converters import to_camel_case

from kehu.model.graph import SATISFACTION_DIMENSIONS
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.recording import Noted, hold_visit, record_complaint, settle_complaint
from kehu.reader.events import complaints_by_id, visits_by_id
from kehu_graphql.changing import changed, instant, made_anew
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.nodes import customer_text, key_of
from kehu_graphql.types.change import ChangeInput, Payload
from kehu_graphql.types.events import Complaint, Visit, complaint_node, visit_node

_NAMED = "A node id, uid, account, tax code, phone, e-mail or whole name."
_NOT_NOTED = {"dry_run", "idempotency_key", "customer", "id", "scores", "expected_version"}


@strawberry.input(description="A complaint that comes in.")
class ComplaintRecordInput(ChangeInput):
    customer: str = strawberry.field(description=_NAMED)
    category: str | None = strawberry.field(default=None, description='What it is about, e.g. "damage".')
    severity: str | None = strawberry.field(default=None, description="low, medium, high or emergency.")
    channel: str | None = strawberry.field(default=None, description='How it came in, e.g. "phone".')
    opened_at: datetime | None = strawberry.field(default=None, description="When it came in; now unless told.")
    shipment: str | None = strawberry.field(default=None, description='The waybill it is about, e.g. "SF1000000001".')
    handler: str | None = strawberry.field(default=None, description="Employee number of who handles it.")


@strawberry.input(description="How a complaint went on.")
class ComplaintSettleInput(ChangeInput):
    id: strawberry.ID = strawberry.field(description="Of the complaint.")
    responded_at: datetime | None = strawberry.field(default=None, description="First answer to the customer.")
    resolved_at: datetime | None = strawberry.field(default=None, description="When it was settled.")
    outcome: str | None = strawberry.field(default=None, description="How it ended.")
    handler: str | None = strawberry.field(default=None, description="Employee number of who handles it.")
    expected_version: str | None = strawberry.field(
        default=None, description="Refuse it when the complaint's `version` is another by now; null takes any."
    )


@strawberry.input(description="How the customer scored one aspect of service.")
class ScoreInput:
    dimension: str = strawberry.field(
        description="timeliness, staff_attitude, staff_skill, overall_service, delivery or improvement."
    )
    score: int = strawberry.field(description="From 1, worst, to 5, best.")


@strawberry.input(description="A visit that was held: a planned one by `id`, one that nobody planned by `customer`.")
class VisitHoldInput(ChangeInput):
    id: strawberry.ID | None = strawberry.field(default=None, description="Of the planned visit.")
    customer: str | None = strawberry.field(default=None, description=_NAMED)
    held_at: datetime | None = strawberry.field(default=None, description="When it took place; now unless told.")
    purpose: str | None = strawberry.field(default=None, description='What for, e.g. "call-back".')
    channel: str | None = strawberry.field(default=None, description='How, e.g. "phone" or "site".')
    staff: str | None = strawberry.field(default=None, description="Employee number of who held it.")
    outcome: str | None = strawberry.field(default=None, description="What came of it.")
    next_due_at: datetime | None = strawberry.field(default=None, description="The next date agreed at it.")
    scores: list[ScoreInput] = strawberry.field(default_factory=list, description="The aspects that were scored.")
    expected_version: str | None = strawberry.field(
        default=None, description="Refuse it when the planned visit's `version` is another by now; null takes any."
    )


@strawberry.interface(description="What a change of a complaint answers.")
class ComplaintChanged(Payload):
    @resolved("The complaint as it is now; null where it was refused, and in a dry run of a new one.")
    async def complaint(self, info: Info) -> Complaint | None:
        found = await info.context.reads.one(complaints_by_id, self.answer.get("complaint", 0))
        return None if found is None else complaint_node(found)


@strawberry.type(description="A complaint taken down.")
class ComplaintRecordPayload(ComplaintChanged): ...


@strawberry.type(description="A complaint that went on.")
class ComplaintSettlePayload(ComplaintChanged): ...


@strawberry.type(description="A visit noted.")
class VisitHoldPayload(Payload):
    @resolved("The visit as it is now; null where it was refused, and in a dry run of a new one.")
    async def visit(self, info: Info) -> Visit | None:
        found = await info.context.reads.one(visits_by_id, self.answer.get("visit", 0))
        return None if found is None else visit_node(found)


@strawberry.type
class EventMutations:
    """Mixed into the root mutation."""

    @change(
        "Take down a complaint. It counts as those of departments do: in queues at once, for levels from the next run."
    )
    async def complaint_record(self, info: Info, input: ComplaintRecordInput) -> ComplaintRecordPayload:  # noqa: A002 (its name in the schema)
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            text, noted = customer_text(input.customer), _noted(input)
            number = record_complaint(desk.workspace, connection, text, noted, clock=desk.clock)
            return made_anew(input, {"complaint": number})

        return await changed(info.context, "complaintRecord", input, make, ComplaintRecordPayload)

    @change("Note how a complaint went on: answered, settled, by whom, how it ended.")
    async def complaint_settle(self, info: Info, input: ComplaintSettleInput) -> ComplaintSettlePayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            number = key_of("Complaint", input.id, "input.id")
            settle_complaint(connection, number, _noted(input), clock=desk.clock, expected=input.expected_version)
            return {"complaint": number}

        return await changed(info.context, "complaintSettle", input, make, ComplaintSettlePayload)

    @change("Note that a visit was held, what came of it and how the customer scored us.")
    async def visit_hold(self, info: Info, input: VisitHoldInput) -> VisitHoldPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            noted = _noted(input, _scores(input.scores))
            visited, expected = _visited(input), input.expected_version
            held = hold_visit(desk.workspace, connection, visited, noted, clock=desk.clock, expected=expected)
            return {"visit": held} if input.id is not None else made_anew(input, {"visit": held})

        return await changed(info.context, "visitHold", input, make, VisitHoldPayload)


def _noted(given: ChangeInput, scores: dict[str, int] | None = None) -> Noted:
    values: dict[str, Any] = dict(scores or {})
    places = {name: Place("input.scores") for name in SATISFACTION_DIMENSIONS}
    for each in fields(given):
        path = f"input.{to_camel_case(each.name)}"
        places[each.name] = Place(path)
        if each.name not in _NOT_NOTED:
            value = getattr(given, each.name)
            values[each.name] = instant(value, path) if isinstance(value, datetime) else value
    return Noted(values, places)


def _scores(scores: list[ScoreInput]) -> dict[str, int]:
    found: dict[str, int] = {}
    problems = []
    for index, each in enumerate(scores):
        word, place = each.dimension, Place(f"input.scores.{index}.dimension")
        if word not in SATISFACTION_DIMENSIONS:
            remedy = did_you_mean(word, SATISFACTION_DIMENSIONS)
            problems.append(Problem(place, "bad-word", f"'{word}' is no dimension", remedy))
        elif word in found:
            problems.append(Problem(place, "scored-twice", f"'{word}' is scored before", "send one score of it"))
        found.setdefault(word, each.score)
    refuse_errors(problems)
    return found


def _visited(given: VisitHoldInput) -> str | int:
    if (given.id is None) == (given.customer is None):
        said = "it must be one planned visit, or a customer"
        raise RefusedError([Problem(Place("input"), "which-visit", said, "give either `id` or `customer`")])
    if given.id is None and given.expected_version is not None:
        said = "a visit that nobody planned has no version"
        raise RefusedError([Problem(Place("input.expectedVersion"), "which-visit", said, "leave it out, or give `id`")])
    return customer_text(given.customer or "") if given.id is None else key_of("Visit", given.id, "input.id")
