"""Which fields have SQL in plans: the one table of them. All others are swept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from kehu.model.graph import SATISFACTION_DIMENSIONS
from kehu.tables.facts import complaints, contacts, customers, departments, employees, identifiers, shipments, visits
from kehu_graphql.customer_lists import CustomerList
from kehu_graphql.planning import shown
from kehu_graphql.types.customer import COMPLAINTS, CONTACTS, IDENTIFIERS, SHIPMENTS, VISITS


@dataclass(frozen=True, slots=True)
class Value:
    """A leaf: a column, or several, and how it is shown when it is not null (several: always, as a list).

    `as_text` is for numbers that are shown as text, and nothing else is done to them.
    """

    columns: tuple[str, ...]
    shown: Callable[[Any], Any] | None = None
    is_instant: bool = False
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """An object, or a list of them, made of a row's own columns: by the fields' names, or None."""

    columns: tuple[str, ...]
    made: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Link:
    """The row of another table whose `key` stands in `column`; null for none."""

    kind: str
    column: str
    table: Table
    key: str = "id"


@dataclass(frozen=True, slots=True)
class Pages:
    """A list that hangs on customers; `role` picks which by the argument of that name."""

    kind: str
    table: Table
    lists: Mapping[Any, CustomerList[Any, Any]]
    role: str | None = None

    def chosen(self, arguments: Mapping[str, Any]) -> CustomerList[Any, Any]:
        """The list that the field's arguments mean."""
        return self.lists[None if self.role is None else arguments[self.role]]


Spec = Value | Parts | Link | Pages


def _plain(*names: str) -> dict[str, Spec]:
    """Fields shown as their column is, which is named alike."""
    return {name: Value((_snake(name),)) for name in names}


def _instants(*names: str) -> dict[str, Spec]:
    return {name: Value((_snake(name),), is_instant=True) for name in names}


def _id(kind: str, column: str = "id") -> dict[str, Spec]:
    return {"id": Value((column,), shown.named(kind))}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _only(listed: CustomerList[Any, Any]) -> Mapping[Any, CustomerList[Any, Any]]:
    return {None: listed}


PLANNED: dict[str, dict[str, Spec]] = {
    "Customer": {
        **_id("Customer", "uid"),
        **_plain("uid", "kind", "name", "industry", "country", "region", "city", "address", "phone", "email"),
        **_plain("taxCode"),
        **_instants("firstSeenAt", "lastSeenAt"),
        "consent": Value(("consent",), bool),
        "owner": Link("Employee", "owner_id", employees),
        "contacts": Pages("Contact", contacts, _only(CONTACTS)),
        "identifiers": Pages("Identifier", identifiers, _only(IDENTIFIERS)),
        "shipments": Pages("Shipment", shipments, SHIPMENTS, "role"),
        "complaints": Pages("Complaint", complaints, _only(COMPLAINTS)),
        "visits": Pages("Visit", visits, _only(VISITS)),
    },
    "Contact": {**_id("Contact"), **_plain("name", "title", "decisionRole", "phone", "email", "interests")},
    "Identifier": {**_id("Identifier"), **_plain("kind", "system", "value")},
    "Department": {**_id("Department"), **_plain("name")},
    "Employee": {
        **_id("Employee"),
        **_plain("number", "name", "title", "seniority", "phone", "email"),
        "isActive": Value(("active",), bool),
        "department": Link("Department", "department_id", departments),
    },
    "Shipment": {
        **_id("Shipment"),
        **_plain("number", "service", "origin", "destination", "status", "itemCategory"),
        **_instants("acceptedAt", "promisedAt", "deliveredAt", "at"),
        "pieces": Value(("pieces",), shown.int32),
        "weightG": Value(("weight_g",), as_text=True),
        "isOnTime": Value(("promised_at", "delivered_at"), shown.on_time),
        "revenue": Parts(("revenue", "currency"), shown.amount),
        "cost": Parts(("cost", "currency"), shown.amount),
        "shipper": Link("Customer", "shipper_id", customers),
        "consignee": Link("Customer", "consignee_id", customers),
        "payer": Link("Customer", "payer_id", customers),
    },
    "Complaint": {
        **_id("Complaint"),
        **_plain("number", "category", "severity", "channel", "outcome"),
        **_instants("openedAt", "respondedAt", "resolvedAt"),
        "shipmentNumber": Value(("shipment",)),
        "handlerNumber": Value(("handler",)),
        "compensation": Parts(("compensation", "currency"), shown.amount),
        "customer": Link("Customer", "customer_id", customers),
        "handler": Link("Employee", "handler", employees, "number"),
    },
    "Visit": {
        **_id("Visit"),
        **_plain("number", "purpose", "channel", "outcome"),
        **_instants("dueAt", "heldAt", "nextDueAt"),
        "staffNumber": Value(("staff",)),
        "satisfaction": Parts(tuple(SATISFACTION_DIMENSIONS), shown.scores),
        "customer": Link("Customer", "customer_id", customers),
        "staff": Link("Employee", "staff", employees, "number"),
    },
}
