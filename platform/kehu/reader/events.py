"""Shipments, complaints and visits: what happened with customers, the newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from kehu.model.graph import SATISFACTION_DIMENSIONS
from kehu.reader.columns import mapped
from kehu.reader.listings import Listing
from kehu.tables.facts import complaints, shipments, visits

PARTIES = ("shipper", "consignee", "payer")


@dataclass(frozen=True, slots=True)
class Shipment:
    """One waybill. `at` is when it was accepted, else delivered, else promised; amounts are minor units."""

    id: int
    number: str
    shipper_id: int | None
    consignee_id: int | None
    payer_id: int | None
    service: str | None
    origin: str | None
    destination: str | None
    accepted_at: datetime | None
    promised_at: datetime | None
    delivered_at: datetime | None
    status: str | None
    pieces: int | None
    weight_g: int | None
    item_category: str | None
    revenue: int | None
    cost: int | None
    currency: str
    at: datetime | None

    @property
    def on_time(self) -> bool | None:
        """Delivered at or before the promised instant; None while either is unknown."""
        if self.promised_at is None or self.delivered_at is None:
            return None
        return self.delivered_at <= self.promised_at


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint; open until `resolved_at`. `shipment` is a waybill number, `handler` an employee number."""

    id: int
    number: str
    customer_id: int | None
    category: str | None
    severity: str | None
    channel: str | None
    opened_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    shipment: str | None
    handler: str | None
    compensation: int | None
    currency: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit, planned or held; `staff` is an employee number, scores go from 1 (worst) to 5."""

    id: int
    number: str
    customer_id: int | None
    purpose: str | None
    channel: str | None
    staff: str | None
    due_at: datetime | None
    held_at: datetime | None
    timeliness: int | None
    staff_attitude: int | None
    staff_skill: int | None
    overall_service: int | None
    delivery: int | None
    improvement: int | None
    outcome: str | None
    next_due_at: datetime | None

    def scores(self) -> dict[str, int]:
        """The satisfaction dimensions that were scored."""
        values = {dimension: getattr(self, dimension) for dimension in SATISFACTION_DIMENSIONS}
        return {dimension: score for dimension, score in values.items() if score is not None}


_SHIPMENTS = mapped(Shipment, shipments)
_COMPLAINTS = mapped(Complaint, complaints)
_VISITS = mapped(Visit, visits)


def _shipments_as(*parties: str) -> Listing[Shipment]:
    owners = tuple(shipments.c[f"{party}_id"] for party in parties)
    return Listing(shipments.c.id, owners, shipments, _SHIPMENTS.columns, _SHIPMENTS.build, at=shipments.c["at"])


SHIPMENTS = {"any": _shipments_as(*PARTIES), **{party: _shipments_as(party) for party in PARTIES}}
COMPLAINTS = Listing(
    complaints.c.id,
    (complaints.c.customer_id,),
    complaints,
    _COMPLAINTS.columns,
    _COMPLAINTS.build,
    at=complaints.c.opened_at,
)
VISITS = Listing(visits.c.id, (visits.c.customer_id,), visits, _VISITS.columns, _VISITS.build, at=visits.c["at"])


def shipments_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Shipment]:
    """Unknown ids are absent."""
    return _SHIPMENTS.by(connection, shipments.c.id, ids)


def shipments_by_number(connection: Connection, numbers: Collection[str]) -> dict[str, Shipment]:
    """The shipment last loaded under each number; unknown numbers are absent."""
    newest = select(func.max(shipments.c.id)).where(shipments.c.number.in_(numbers)).group_by(shipments.c.number)
    rows = connection.execute(_SHIPMENTS.select().where(shipments.c.id.in_(newest)))
    return {row.number: _SHIPMENTS.build(row) for row in rows}


def complaints_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Complaint]:
    """Unknown ids are absent."""
    return _COMPLAINTS.by(connection, complaints.c.id, ids)


def visits_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Visit]:
    """Unknown ids are absent."""
    return _VISITS.by(connection, visits.c.id, ids)
