"""Words of a condition on customers: what a list of them is narrowed to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Comparison = Literal[
    "eq", "ne", "in", "not_in", "is_null", "lt", "lte", "gt", "gte", "contains", "starts_with", "lists"
]
CustomerField = Literal[
    "uid", "kind", "name", "industry", "country", "region", "city", "consent", "owner", "first_seen_at", "last_seen_at"
]
Relation = Literal["shipments", "complaints", "visits", "contacts", "warnings"]
# What a customer is in a shipment.
Role = Literal["any", "shipper", "consignee", "payer"]
Single = str | bool | int | float | datetime
Operand = Single | tuple[Single, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A field of the customer against a value; `owner` is the account manager's employee number.

    An unknown value is unlike any other: `ne` and `not_in` hold for it, the other comparisons do not.
    """

    field: CustomerField
    comparison: Comparison
    value: Operand


@dataclass(frozen=True, slots=True)
class InLevel:
    """The customer is in one of these levels of the rule set, by a run: the published one without its number.

    About so many `members` of customers `among` whom are in one; 0 and 0 where nobody counted.
    """

    ruleset: str
    levels: tuple[str, ...]
    run: int | None = None
    members: int = 0
    among: int = 0


@dataclass(frozen=True, slots=True)
class ByFeature:
    """A served feature against a value as stored in its slot; unknown values as in Compare.

    One that is `counted_back` is stored as its base less the value, see `kehu.tables.features`; the value to compare
    with is the feature's own.
    """

    code: str
    slot: str
    comparison: Comparison
    value: Operand
    counted_back: bool = False


@dataclass(frozen=True, slots=True)
class HasWarning:
    """Some warning of the customer is open."""


@dataclass(frozen=True, slots=True)
class Text:
    """The name contains the text, in any case, width or Chinese script, or is spelt so in pinyin or its initials."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation's table against a value; unknown values as in Compare.

    `lists` is of JSON lists of plain codes: the code is one of them.
    """

    name: str
    comparison: Comparison
    value: Operand


@dataclass(frozen=True, slots=True)
class HasSome:
    """Some row of the relation meets all parts; a shipment counts for each of its three parties, or for one alone."""

    relation: Relation
    parts: tuple[Column, ...] = ()
    role: Role = "any"


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold; true without parts."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds; false without parts."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Compare | InLevel | ByFeature | HasWarning | HasSome | Text | Every | Some | Not
