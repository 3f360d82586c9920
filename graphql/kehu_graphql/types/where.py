"""What a list of customers may be narrowed to."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from kehu_graphql.types.events import ShipmentRole
from kehu_graphql.types.filters import BigIntFilter, BooleanFilter, InstantFilter, StringFilter


@strawberry.input(description="The customer's level in one rule set, by the published run or as it counted before.")
class LevelWhere:
    rule_set: str = strawberry.field(description='Its code, e.g. "service_tier"; an unknown one is an error.')
    code: StringFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="The level's code; an unknown one is an error. Left out: in any level of the rule set.",
    )
    as_of: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="By the run whose answers count at that instant, under the rules it used; left out: the published.",
    )


@strawberry.input(
    description="A served feature against values of its type; several comparisons must all hold. Unknown values, and "
    "those of customers that no run has counted yet, are unlike any."
)
class FeatureWhere:
    code: str = strawberry.field(description='The feature, e.g. "revenue_365d"; one that is not served is an error.')
    eq: JSON | None = strawberry.field(default=strawberry.UNSET, description='Is this, e.g. 12, "48200.50" or true.')
    ne: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Is not this, e.g. 0; holds where it is unknown."
    )
    in_: list[JSON] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description='Is one of these, e.g. ["air"]; none given, nothing matches.'
    )
    not_in: list[JSON] | None = strawberry.field(
        default=strawberry.UNSET, description='Is none of these, e.g. ["air"]; holds where it is unknown.'
    )
    lt: JSON | None = strawberry.field(default=strawberry.UNSET, description="Is less, or earlier, e.g. 0.95.")
    lte: JSON | None = strawberry.field(default=strawberry.UNSET, description="Is at most this, e.g. 30.")
    gt: JSON | None = strawberry.field(default=strawberry.UNSET, description="Is greater, or later, e.g. 90.")
    gte: JSON | None = strawberry.field(
        default=strawberry.UNSET, description='Is at least this, e.g. 500000; an amount exactly as text: "500000.50".'
    )
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="The account manager.")
class OwnerWhere:
    number: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Employee number; isNull finds customers without an account manager."
    )


@strawberry.input(description="Conditions on one shipment; several must all hold.")
class ShipmentWhere:
    number: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The waybill's number.")
    service: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The service.")
    status: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The status.")
    origin: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The origin.")
    destination: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The destination.")
    item_category: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The category of what is sent."
    )
    pieces: BigIntFilter | None = strawberry.field(default=strawberry.UNSET, description="How many pieces it has.")
    weight_g: BigIntFilter | None = strawberry.field(default=strawberry.UNSET, description="Its weight in grams.")
    revenue_minor: BigIntFilter | None = strawberry.field(
        default=strawberry.UNSET, description="What it earned, in minor units of its currency: fen, not yuan."
    )
    cost_minor: BigIntFilter | None = strawberry.field(
        default=strawberry.UNSET, description="What it cost to serve, in minor units of its currency: fen, not yuan."
    )
    currency: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Of its amounts, as ISO 4217 has it."
    )
    at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was accepted, else delivered, else promised."
    )
    accepted_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was taken over from the shipper."
    )
    promised_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Until when delivery was promised."
    )
    delivered_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was delivered; isNull finds those on their way."
    )


@strawberry.input(description="Conditions on one complaint; several must all hold.")
class ComplaintWhere:
    category: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The category.")
    severity: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="low, medium, high or emergency."
    )
    channel: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The channel.")
    outcome: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The outcome.")
    handler_number: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The employee number of who handles it, as noted."
    )
    compensation_minor: BigIntFilter | None = strawberry.field(
        default=strawberry.UNSET, description="What was paid for it, in minor units of its currency: fen, not yuan."
    )
    opened_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="When it was opened.")
    responded_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was first answered; isNull finds unanswered ones."
    )
    resolved_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was resolved; isNull finds open ones."
    )


@strawberry.input(description="Conditions on one visit; several must all hold.")
class VisitWhere:
    purpose: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The purpose.")
    channel: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The channel.")
    outcome: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The outcome.")
    staff_number: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The employee number of who holds it, as noted."
    )
    due_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="When it is or was due.")
    next_due_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When the one after it is due."
    )
    held_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="When it was held; isNull finds planned ones."
    )


@strawberry.input(description="Conditions on one contact; several must all hold.")
class ContactWhere:
    name: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The name.")
    title: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The title.")
    decision_role: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The role in decisions."
    )


@strawberry.input(description="Conditions on one warning; several must all hold.")
class RaisedWarningWhere:
    rule_set: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="The code of the rule set that watches for it."
    )
    code: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description='The sign, e.g. {eq: "volume_collapse"}.'
    )
    severity: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="low, medium, high or emergency."
    )
    state: StringFilter | None = strawberry.field(
        default=strawberry.UNSET, description="How far people are with it: open, acknowledged or closed."
    )
    route: str | None = strawberry.field(
        default=strawberry.UNSET, description='Told to this department, e.g. "customer_service".'
    )
    is_open: bool | None = strawberry.field(
        default=strawberry.UNSET, description="No run has cleared it yet (true), or one has (false)."
    )
    fired_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="As-of instant of the run that raised it."
    )


@strawberry.input(description="What a customer's shipments are like; both must hold.")
class ShipmentsWhere:
    role: ShipmentRole | None = strawberry.field(
        default=strawberry.UNSET,
        description="The part that the customer plays in them, e.g. PAYER; left out: any. For several use `and`.",
    )
    some: ShipmentWhere | None = strawberry.field(
        default=strawberry.UNSET,
        description="At least one shipment that the customer has that part in is so; without conditions: there is one.",
    )
    none: ShipmentWhere | None = strawberry.field(
        default=strawberry.UNSET,
        description="No shipment that the customer has that part in is so; without conditions: there is none.",
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


@strawberry.input(description="What a customer's warnings are like, cleared ones too; both must hold.")
class WarningsWhere:
    some: RaisedWarningWhere | None = strawberry.field(
        default=strawberry.UNSET, description="At least one warning is so; without conditions: there ever was one."
    )
    none: RaisedWarningWhere | None = strawberry.field(
        default=strawberry.UNSET, description="No warning is so; without conditions: there never was one."
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
    name: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The name.")
    kind: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="company, person or project.")
    industry: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The industry.")
    country: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The country.")
    region: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The region.")
    city: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="The city.")
    consent: BooleanFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Agreed to be contacted; unknown where never asked."
    )
    owner: OwnerWhere | None = strawberry.field(default=strawberry.UNSET, description="Who owns the customer.")
    level: LevelWhere | None = strawberry.field(
        default=strawberry.UNSET, description="A level of a rule set; for several use `and`."
    )
    feature: FeatureWhere | None = strawberry.field(
        default=strawberry.UNSET, description="What a run counted of the customer; for several features use `and`."
    )
    has_warning: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Some warning is open (true) or none is (false)."
    )
    shipments: ShipmentsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its shipments.")
    complaints: ComplaintsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its complaints.")
    visits: VisitsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its visits.")
    contacts: ContactsWhere | None = strawberry.field(default=strawberry.UNSET, description="Its contacts.")
    warnings: WarningsWhere | None = strawberry.field(
        default=strawberry.UNSET, description="Its churn signs, open and cleared."
    )
    first_seen_at: InstantFilter | None = strawberry.field(
        default=strawberry.UNSET, description="First contact or event."
    )
    last_seen_at: InstantFilter | None = strawberry.field(default=strawberry.UNSET, description="Last event.")
