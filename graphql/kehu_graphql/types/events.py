"""Shipments, complaints and visits."""

from datetime import datetime
from enum import Enum

import strawberry

from kehu.reader import events
from kehu.reader.versions import version_of
from kehu_graphql.context import Context, Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.scalars import BigInt, Money, big, money
from kehu_graphql.types.links import CustomerLink
from kehu_graphql.types.people import Employee, employee_by_number


@strawberry.enum(description="The part a customer plays in a shipment.")
class ShipmentRole(Enum):
    ANY = strawberry.enum_value("any", description="Any of the three; each shipment once.")
    SHIPPER = strawberry.enum_value("shipper", description="Sends it.")
    CONSIGNEE = strawberry.enum_value("consignee", description="Receives it.")
    PAYER = strawberry.enum_value("payer", description="Pays for it.")


@strawberry.type(description="One waybill.")
class Shipment(Node):
    number: str = strawberry.field(description='Waybill number, e.g. "SF1000000001".')
    service: str | None = strawberry.field(description='Product shipped by, e.g. "express".')
    origin: str | None = strawberry.field(description="Where it started.")
    destination: str | None = strawberry.field(description="Where it goes.")
    accepted_at: datetime | None = strawberry.field(description="When we took it over, UTC.")
    promised_at: datetime | None = strawberry.field(description="Until when delivery was promised, UTC.")
    delivered_at: datetime | None = strawberry.field(description="When it was handed over, UTC.")
    at: datetime | None = strawberry.field(description="What lists go by: accepted, else delivered, else promised.")
    status: str | None = strawberry.field(description="accepted, in_transit, delivered, returned, lost or cancelled.")
    pieces: int | None = strawberry.field(description="Number of pieces.")
    weight_g: BigInt | None = strawberry.field(description="Weight in grams.")
    item_category: str | None = strawberry.field(description="What was shipped.")
    is_on_time: bool | None = strawberry.field(
        description="Delivered at or before the promised instant; null while either is unknown."
    )
    revenue: Money | None = strawberry.field(description="What it earned.")
    cost: Money | None = strawberry.field(description="What it cost to serve.")
    row: strawberry.Private[events.Shipment]

    @resolved("Who sent it.")
    async def shipper(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.shipper_id)

    @resolved("Who received it: a customer too.")
    async def consignee(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.consignee_id)

    @resolved("Who pays for it.")
    async def payer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.payer_id)


@strawberry.type(description="A grievance or claim of a customer.")
class Complaint(Node):
    number: str = strawberry.field(description="Number in the department that took it.")
    category: str | None = strawberry.field(description='What it is about, e.g. "damage".')
    severity: str | None = strawberry.field(description="low, medium, high or emergency.")
    channel: str | None = strawberry.field(description='How it came in, e.g. "phone".')
    opened_at: datetime = strawberry.field(description="When it came in, UTC.")
    responded_at: datetime | None = strawberry.field(description="First answer to the customer, UTC.")
    resolved_at: datetime | None = strawberry.field(description="When it was settled, UTC; null while open.")
    shipment_number: str | None = strawberry.field(description="The waybill it is about, as noted.")
    handler_number: str | None = strawberry.field(description="Employee number of who handles it, as noted.")
    compensation: Money | None = strawberry.field(description="What was paid for it.")
    outcome: str | None = strawberry.field(description="How it ended.")
    row: strawberry.Private[events.Complaint]

    @resolved("Differs when any value of the complaint does; pass it as `expectedVersion`.")
    async def version(self) -> str:
        return version_of(self.row)

    @resolved("Whose complaint it is.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.customer_id)

    @resolved("The shipment of `shipmentNumber`, if it was loaded.")
    async def shipment(self, info: Info) -> Shipment | None:
        return await shipment_by_number(info.context, self.row.shipment)

    @resolved("The employee of `handlerNumber`, if known.")
    async def handler(self, info: Info) -> Employee | None:
        return await employee_by_number(info.context, self.row.handler)


@strawberry.type(description="One aspect of service as the customer scored it.")
class SatisfactionScore:
    dimension: str = strawberry.field(
        description="timeliness, staff_attitude, staff_skill, overall_service, delivery or improvement."
    )
    score: int = strawberry.field(description="From 1, worst, to 5, best.")


@strawberry.type(description="A planned or held contact by our staff: a call-back, a site visit, a consultation.")
class Visit(Node):
    number: str = strawberry.field(description="Number in the department that plans it.")
    purpose: str | None = strawberry.field(description='What for, e.g. "call-back".')
    channel: str | None = strawberry.field(description='How, e.g. "phone" or "site".')
    due_at: datetime | None = strawberry.field(description="When it was planned for, UTC.")
    held_at: datetime | None = strawberry.field(description="When it took place, UTC; null while only planned.")
    next_due_at: datetime | None = strawberry.field(description="The next date agreed at it, UTC.")
    outcome: str | None = strawberry.field(description="What came of it.")
    staff_number: str | None = strawberry.field(description="Employee number of who held it, as noted.")
    satisfaction: list[SatisfactionScore] = strawberry.field(description="The aspects that were scored.")
    row: strawberry.Private[events.Visit]

    @resolved("Differs when any value of the visit does; pass it as `expectedVersion`.")
    async def version(self) -> str:
        return version_of(self.row)

    @resolved("Who was visited.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.customer_id)

    @resolved("The employee of `staffNumber`, if known.")
    async def staff(self, info: Info) -> Employee | None:
        return await employee_by_number(info.context, self.row.staff)


def shipment_node(row: events.Shipment) -> Shipment:
    """A shipment as clients see it."""
    return Shipment(
        id=node_id("Shipment", row.id),
        number=row.number,
        service=row.service,
        origin=row.origin,
        destination=row.destination,
        accepted_at=row.accepted_at,
        promised_at=row.promised_at,
        delivered_at=row.delivered_at,
        at=row.at,
        status=row.status,
        pieces=row.pieces,
        weight_g=big(row.weight_g),
        item_category=row.item_category,
        is_on_time=row.on_time,
        revenue=money(row.revenue, row.currency),
        cost=money(row.cost, row.currency),
        row=row,
    )


def complaint_node(row: events.Complaint) -> Complaint:
    """A complaint as clients see it."""
    return Complaint(
        id=node_id("Complaint", row.id),
        number=row.number,
        category=row.category,
        severity=row.severity,
        channel=row.channel,
        opened_at=row.opened_at,
        responded_at=row.responded_at,
        resolved_at=row.resolved_at,
        shipment_number=row.shipment,
        handler_number=row.handler,
        compensation=money(row.compensation, row.currency),
        outcome=row.outcome,
        row=row,
    )


def visit_node(row: events.Visit) -> Visit:
    """A visit as clients see it."""
    return Visit(
        id=node_id("Visit", row.id),
        number=row.number,
        purpose=row.purpose,
        channel=row.channel,
        due_at=row.due_at,
        held_at=row.held_at,
        next_due_at=row.next_due_at,
        outcome=row.outcome,
        staff_number=row.staff,
        satisfaction=[SatisfactionScore(dimension=name, score=score) for name, score in row.scores().items()],
        row=row,
    )


async def shipment_by_number(context: Context, number: str | None) -> Shipment | None:
    """None for no number and for one never loaded."""
    found = None if number is None else await context.reads.one(events.shipments_by_number, number)
    return None if found is None else shipment_node(found)
