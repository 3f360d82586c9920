"""What a list of customers may be narrowed to, and how it may be ordered."""

from datetime import datetime
from enum import Enum

import strawberry


@strawberry.input(description="A text against values; give one operator, or several that all must hold.")
class StringFilter:
    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    ne: str | None = strawberry.field(default=strawberry.UNSET, description="Is not this; holds where it is unknown.")
    in_: list[str] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="Is one of these; none given, nothing matches."
    )
    not_in: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Is none of these; holds where it is unknown."
    )
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="An instant against bounds; several must all hold.")
class InstantFilter:
    lt: datetime | None = strawberry.field(default=strawberry.UNSET, description="Before.")
    lte: datetime | None = strawberry.field(default=strawberry.UNSET, description="At or before.")
    gt: datetime | None = strawberry.field(default=strawberry.UNSET, description="After.")
    gte: datetime | None = strawberry.field(default=strawberry.UNSET, description="At or after.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="The customer's level in one rule set, by the published run.")
class LevelWhere:
    rule_set: str = strawberry.field(description='Its code, e.g. "service_tier"; an unknown one is an error.')
    code: StringFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="The level's code; an unknown one is an error. Left out: in any level of the rule set.",
    )


@strawberry.input(description="The account manager.")
class OwnerWhere:
    number: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Employee number; isNull finds customers without an account manager."
    )


@strawberry.input(description="Conditions on one shipment; several must all hold.")
class ShipmentWhere:
    number: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The waybill's exact number.")
    service: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact service.")
    status: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact status.")
    origin: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact origin.")
    destination: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact destination.")
    item_category: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The exact category of what is sent."
    )
    at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was accepted, else delivered, else promised."
    )
    delivered_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was delivered; isNull finds those on their way."
    )


@strawberry.input(description="Conditions on one complaint; several must all hold.")
class ComplaintWhere:
    category: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact category.")
    severity: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="low, medium, high or emergency."
    )
    channel: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact channel.")
    opened_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="When it was opened.")
    resolved_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was resolved; isNull finds open ones."
    )


@strawberry.input(description="Conditions on one visit; several must all hold.")
class VisitWhere:
    purpose: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact purpose.")
    channel: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact channel.")
    outcome: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact outcome.")
    due_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="When it is or was due.")
    held_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was held; isNull finds planned ones."
    )


@strawberry.input(description="Conditions on one contact; several must all hold.")
class ContactWhere:
    name: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact name.")
    title: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact title.")
    decision_role: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The exact role in decisions."
    )


@strawberry.input(description="What a customer's shipments are like; both must hold.")
class ShipmentsWhere:
    some: ShipmentWhere | None = strawberry.field(
        default=strawberry.UNSET,
        description="At least one shipment that the customer has any part in is so; without conditions: there is one.",
    )
    none: ShipmentWhere | None = strawberry.field(
        default=strawberry.UNSET,
        description="No shipment that the customer has any part in is so; without conditions: there is none.",
    )


@strawberry.input(description="What a customer's complaints are like; both must hold.")
class ComplaintsWhere:
    some: ComplaintWhere | None = strawberry.field(
        default=strawberry.UNSET, description="At least one complaint is so; without conditions: there is one."
    )
    none: ComplaintWhere | None = strawberry.field(
        default=strawberry.UNSET, description="No complaint is so; without conditions: there is none."
    )


@strawberry.input(description="What a customer's visits are like; both must hold.")
class VisitsWhere:
    some: VisitWhere | None = strawberry.field(
        default=strawberry.UNSET, description="At least one visit is so; without conditions: there is one."
    )
    none: VisitWhere | None = strawberry.field(
        default=strawberry.UNSET, description="No visit is so; without conditions: there is none."
    )


@strawberry.input(description="What a customer's contacts are like; both must hold.")
class ContactsWhere:
    some: ContactWhere | None = strawberry.field(
        default=strawberry.UNSET, description="At least one contact is so; without conditions: there is one."
    )
    none: ContactWhere | None = strawberry.field(
        default=strawberry.UNSET, description="No contact is so; without conditions: there is none."
    )


@strawberry.input(description="Conditions on customers; several must all hold.")
class CustomerWhere:
    and_: list["CustomerWhere"] | None = strawberry.field(
        default=strawberry.UNSET, name="and", description="All of these hold."
    )
    or_: list["CustomerWhere"] | None = strawberry.field(
        default=strawberry.UNSET, name="or", description="At least one of these holds."
    )
    not_: "CustomerWhere | None" = strawberry.field(
        default=strawberry.UNSET, name="not", description="This does not hold."
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The name contains it, in any case, width or Chinese script, or is spelt so in pinyin: "
            '"shunda" and "sd" find 顺达; ü is v.'
        ),
    )
    uid: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The customer's uid.")
    name: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact name.")
    kind: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="company, person or project.")
    industry: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact industry.")
    country: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact country.")
    region: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact region.")
    city: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The exact city.")
    owner: OwnerWhere | None = strawberry.field(default=strawberry.UNSET, description="Who owns the customer.")
    level: LevelWhere | None = strawberry.field(
        default=strawberry.UNSET, description="A level of a rule set; for several use `and`."
    )
    has_warning: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Some warning is open (true) or none is (false)."
    )
    shipments: ShipmentsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its shipments.")
    complaints: ComplaintsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its complaints.")
    visits: VisitsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its visits.")
    contacts: ContactsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its contacts.")
    first_seen_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="First contact or event."
    )
    last_seen_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="Last event.")


@strawberry.enum(description="What customers may be ordered by; ties are broken by a stable number.")
class CustomerOrderField(Enum):
    NAME = strawberry.enum_value("name", description="By the name's characters (Unicode), not by pinyin.")
    LAST_SEEN_AT = strawberry.enum_value("last_seen_at", description="Unknown ones last in either direction.")
    ID = strawberry.enum_value("id", description="In the order customers came to be known.")


@strawberry.enum(description="Which end comes first.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="The least first.")
    DESC = strawberry.enum_value("desc", description="The greatest first.")


@strawberry.input(description="One step of an order.")
class CustomerOrder:
    field: CustomerOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")
