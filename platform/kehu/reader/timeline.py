"""What happened with a customer, of every kind in one list, the newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, and_, func, literal, or_, select, union

from kehu.reader.keyset import Page, Window
from kehu.tables.facts import complaints, shipments, visits
from kehu.tables.runs import memberships, runs, warnings

Kind = Literal["shipment", "complaint", "visit", "warning", "level"]
KINDS: tuple[Kind, ...] = ("shipment", "complaint", "visit", "warning", "level")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event by its row's id; a level is entered as of the run that put the customer there."""

    at: datetime
    kind: Kind
    id: int


@dataclass(frozen=True, slots=True)
class _Source:
    owners: tuple[Column[int], ...]
    at: ColumnElement[Any]
    rows: FromClause


_SOURCES: dict[Kind, _Source] = {
    "shipment": _Source(
        (shipments.c.shipper_id, shipments.c.consignee_id, shipments.c.payer_id), shipments.c["at"], shipments
    ),
    "complaint": _Source((complaints.c.customer_id,), complaints.c.opened_at, complaints),
    "visit": _Source((visits.c.customer_id,), visits.c["at"], visits),
    "warning": _Source((warnings.c.customer_id,), warnings.c.fired_at, warnings),
    "level": _Source(
        (memberships.c.customer_id,), runs.c.as_of, memberships.join(runs, runs.c.id == memberships.c.from_run_id)
    ),
}


def timelines(
    connection: Connection, customer_ids: Collection[int], kinds: tuple[Kind, ...], window: Window
) -> dict[int, Page[Entry]]:
    """A forward page for each customer, by instant, then kind as in KINDS, then id, the highest first.

    Events without an instant are left out. A statement for each customer: its parts must end early by an index.
    """
    return {customer: _timeline(connection, customer, kinds, window) for customer in customer_ids}


def count_timelines(connection: Connection, customer_ids: Collection[int], kinds: tuple[Kind, ...]) -> dict[int, int]:
    """How many events each customer's timeline has."""
    return {customer: _count(connection, customer, kinds) for customer in customer_ids}


def _timeline(connection: Connection, customer: int, kinds: tuple[Kind, ...], window: Window) -> Page[Entry]:
    walks = [
        select(_walk(kind, owner, customer, window).subquery()) for kind in kinds for owner in _SOURCES[kind].owners
    ]
    found = union(*walks).subquery()
    # A shipment whose payer sends it stands in two walks; the union has it once.
    ordered = select(found).order_by(found.c["at"].desc(), found.c.place, found.c.id.desc()).limit(window.size + 1)
    rows = connection.execute(ordered).all()
    kept = rows[: window.size]
    return Page(
        rows=tuple(Entry(at, KINDS[place], number) for at, place, number in kept),
        keys=tuple(tuple(row) for row in kept),
        has_more=len(rows) > window.size,
    )


def _walk(kind: Kind, owner: Column[int], customer: int, window: Window) -> Select[Any]:
    source = _SOURCES[kind]
    number = owner.table.c.id
    columns = (source.at.label("at"), literal(KINDS.index(kind)).label("place"), number.label("id"))
    rows = select(*columns).select_from(source.rows).where(owner == customer, source.at.is_not(None))
    if window.beside is not None:
        rows = rows.where(_older(source.at, number, KINDS.index(kind), cast("tuple[Any, int, int]", window.beside)))
    return rows.order_by(_newest_first(source.at), number.desc()).limit(window.size + 1)


def _newest_first(at: ColumnElement[Any]) -> ColumnElement[Any]:
    # As the index on it says, since a database does not see that where none is unknown both ways are one.
    return at.desc().nulls_last() if isinstance(at, Column) and at.nullable else at.desc()


def _older(
    at: ColumnElement[Any], number: Column[int], place: int, beside: tuple[datetime, int, int]
) -> ColumnElement[bool]:
    edge, edge_place, edge_number = beside
    if place != edge_place:
        return at <= edge if place > edge_place else at < edge
    return and_(at <= edge, or_(at < edge, number < edge_number))


def _count(connection: Connection, customer: int, kinds: tuple[Kind, ...]) -> int:
    return sum(_count_of(connection, customer, _SOURCES[kind]) for kind in kinds)


def _count_of(connection: Connection, customer: int, source: _Source) -> int:
    mine = or_(*(owner == customer for owner in source.owners))
    rows = select(func.count()).select_from(source.rows).where(mine, source.at.is_not(None))
    return connection.scalar(rows) or 0
