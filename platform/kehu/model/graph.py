"""What a record of each kind may carry: the fields a source maps its columns to."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Entity = Literal["customer", "contact", "shipment", "complaint", "visit", "employee"]
FieldKind = Literal[
    "text", "integer", "money", "instant", "boolean", "word", "party", "employee", "reference", "relation"
]

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    money is whole minor units of the record's currency; instant is UTC; word takes only `words`;
    party names a customer and becomes the columns of PARTY_FIELDS, each as `<field>_<part>`;
    employee is an employee number; reference names a customer record of another system and becomes
    `<field>_system` and `<field>_key`; relation names another customer and becomes the columns of RELATION_FIELDS,
    each as `<field>_<part>`. Numbers outside `low`..`high` do not fit,
    nor do texts of more than `longest` bytes in UTF-8: no database could find them by an index.
    """

    name: str
    kind: FieldKind = "text"
    required: bool = False
    words: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    longest: int | None = None


# Bytes of what is found by an index, and of what the databases keep as short codes; characters of a tax code.
LONGEST_NAME, LONGEST_CODE, LONGEST_TAX_CODE = 2000, 200, 40

CUSTOMER_KINDS = ("company", "person", "project")
DECISION_ROLES = ("decision_maker", "influencer", "end_user")
SHIPMENT_STATUSES = ("accepted", "in_transit", "delivered", "returned", "lost", "cancelled")
SEVERITIES = ("low", "medium", "high", "emergency")
SENIORITIES = ("staff", "senior", "manager", "executive")
SATISFACTION_DIMENSIONS = (
    "timeliness",
    "staff_attitude",
    "staff_skill",
    "overall_service",
    "delivery",
    "improvement",
)

# What a mention of a customer on another record may say of it. `system` and `key` name the customer's own record.
PARTY_FIELDS: tuple[Field, ...] = (
    Field("system"),
    Field("key"),
    Field("name", longest=LONGEST_NAME),
    Field("kind", "word", words=CUSTOMER_KINDS),
    Field("phone"),
    Field("email", longest=LONGEST_NAME),
    Field("tax_code"),
    Field("country"),
    Field("region"),
    Field("city"),
    Field("address"),
    Field("industry"),
)

# By what a record names the customer that its own belongs to: its key in a system, its tax code, or its uid or a key of
# it in whatever system (`code`).
RELATION_FIELDS: tuple[Field, ...] = (Field("system"), Field("key"), Field("tax_code"), Field("code"))
RELATION_PARTS = tuple(part.name for part in RELATION_FIELDS)
# The relations there are: a customer is part of its parent, a person works at its employer.
LINKS = ("parent", "employer")

FIELDS: dict[Entity, tuple[Field, ...]] = {
    "customer": (
        Field("name", longest=LONGEST_NAME),
        Field("kind", "word", words=CUSTOMER_KINDS),
        Field("industry"),
        Field("country"),
        Field("region"),
        Field("city"),
        Field("address"),
        Field("phone"),
        Field("phone_2"),
        Field("email", longest=LONGEST_NAME),
        Field("tax_code"),
        Field("owner", "employee", longest=LONGEST_CODE),
        Field("consent", "boolean"),
        Field("first_contact_at", "instant"),
        Field("same_as", "reference"),
        *(Field(name, "relation") for name in LINKS),
    ),
    "contact": (
        Field("customer", "party", required=True),
        Field("name", required=True, longest=LONGEST_NAME),
        Field("title"),
        Field("decision_role", "word", words=DECISION_ROLES),
        Field("phone"),
        Field("email", longest=LONGEST_NAME),
        Field("interests"),
    ),
    "shipment": (
        Field("number", required=True, longest=LONGEST_CODE),
        Field("shipper", "party"),
        Field("consignee", "party"),
        Field("payer", "party"),
        Field("service"),
        Field("origin"),
        Field("destination"),
        Field("accepted_at", "instant"),
        Field("promised_at", "instant"),
        Field("delivered_at", "instant"),
        Field("status", "word", words=SHIPMENT_STATUSES),
        Field("pieces", "integer", low=0, high=2**31 - 1),
        Field("weight_g", "integer", low=0),
        Field("item_category"),
        Field("revenue", "money"),
        Field("cost", "money"),
    ),
    "complaint": (
        Field("number", required=True, longest=LONGEST_CODE),
        Field("customer", "party", required=True),
        Field("category"),
        Field("severity", "word", words=SEVERITIES),
        Field("channel"),
        Field("opened_at", "instant", required=True),
        Field("responded_at", "instant"),
        Field("resolved_at", "instant"),
        Field("shipment", longest=LONGEST_CODE),
        Field("handler", "employee", longest=LONGEST_CODE),
        Field("compensation", "money", low=0),
        Field("outcome"),
    ),
    "visit": (
        Field("number", required=True, longest=LONGEST_CODE),
        Field("customer", "party", required=True),
        Field("purpose"),
        Field("channel"),
        Field("staff", "employee", longest=LONGEST_CODE),
        Field("due_at", "instant"),
        Field("held_at", "instant"),
        *(Field(dimension, "integer", low=1, high=5) for dimension in SATISFACTION_DIMENSIONS),
        Field("outcome"),
        Field("next_due_at", "instant"),
    ),
    "employee": (
        Field("name", required=True, longest=LONGEST_NAME),
        Field("title"),
        Field("seniority", "word", words=SENIORITIES),
        Field("department", longest=LONGEST_CODE),
        Field("active", "boolean"),
        Field("phone"),
        Field("email", longest=LONGEST_NAME),
    ),
}


def record_columns(entity: Entity) -> dict[str, pl.DataType]:
    """The columns of a record frame, in order, with their types.

    Every frame begins with `line` (where the row starts in its file, from 1, the header counted),
    `key` (the record's key in its system, never null) and `hash` (of the record's values; equal
    hashes mean nothing changed). Events with money also carry `currency`.
    """
    columns: dict[str, pl.DataType] = {"line": pl.Int64(), "key": pl.String(), "hash": pl.Int64()}
    for field in FIELDS[entity]:
        columns |= _field_columns(field)
    if any(field.kind == "money" for field in FIELDS[entity]):
        columns["currency"] = pl.String()
    return columns


def _field_columns(field: Field) -> dict[str, pl.DataType]:
    match field.kind:
        case "party":
            return {f"{field.name}_{part.name}": pl.String() for part in PARTY_FIELDS}
        case "reference":
            return {f"{field.name}_{part}": pl.String() for part in ("system", "key")}
        case "relation":
            return {f"{field.name}_{part}": pl.String() for part in RELATION_PARTS}
        case "integer" | "money":
            return {field.name: pl.Int64()}
        case "instant":
            return {field.name: INSTANT}
        case "boolean":
            return {field.name: pl.Boolean()}
        case _:
            return {field.name: pl.String()}
