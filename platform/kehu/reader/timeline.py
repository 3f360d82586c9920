"""What happened with a customer, of every kind in one list, the newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import add
from typing import Any, Literal, cast

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union,
)

from kehu.reader.keyset import Page, Window
from kehu.tables.columns import Instant
from kehu.tables.facts import complaints, customers, shipments, visits
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

    Events without an instant are left out; a customer without any other is absent.
    """
    edge = cast("tuple[datetime, int, int] | None", window.beside)
    given = {} if edge is None else {"at": edge[0], "number": edge[2]}
    statement = _statement(kinds, window.size, None if edge is None else edge[1], connection.dialect.name)
    by_owner: dict[int, list[tuple[datetime, int, int]]] = {}
    for owner, at, place, number in connection.execute(statement, {"wanted": list(customer_ids), **given}):
        by_owner.setdefault(owner, []).append((at, place, number))
    return {owner: _page(rows, window) for owner, rows in by_owner.items()}


def count_timelines(
    connection: Connection, customer_ids: Collection[int], kinds: tuple[Kind, ...], up_to: int | None = None
) -> dict[int, int]:
    """How many events each customer's timeline has; of no kind more than `up_to` are counted."""
    events = reduce(add, (_count(_SOURCES[kind], up_to) for kind in kinds), literal(0)).label("events")
    rows = connection.execute(select(customers.c.id, events).where(customers.c.id.in_(customer_ids)))
    return {row.id: row.events for row in rows}


@lru_cache(maxsize=500)
def _statement(kinds: tuple[Kind, ...], size: int, edge_place: int | None, dialect: str) -> Select[Any]:
    """The events behind the one that the parameters `at` and `number` name, of the kind in that place.

    Kept, since SQLAlchemy takes longer to build and compare a statement than to run it.
    """
    found = _newest(kinds, size + 1, edge_place)
    wanted = customers.c.id.in_(bindparam("wanted", expanding=True))
    if dialect != "sqlite":
        beside = found.lateral("beside")
        rows = select(customers.c.id, beside.c["at"], beside.c.place, beside.c.id)
        return rows.join_from(customers, beside, true()).where(wanted)
    # No LATERAL there: a customer's events come as one list, which is taken apart again.
    entry = found.subquery()
    one = func.json_array(type_coerce(entry.c["at"], BigInteger), entry.c.place, entry.c.id)
    events = select(func.json_group_array(one)).scalar_subquery()
    each = func.json_each(events).table_valued("value", name="each")
    parts = [func.json_extract(each.c.value, f"$[{place}]") for place in range(3)]
    rows = select(customers.c.id, type_coerce(parts[0], Instant()), *parts[1:])
    return rows.join_from(customers, each, true()).where(wanted)


def _newest(kinds: tuple[Kind, ...], limit: int, edge_place: int | None) -> Select[Any]:
    """One customer's first events of the window in no order; `customers` is the enclosing statement's.

    Its parts end early by an index.
    """
    owned = [(kind, owner) for kind in kinds for owner in _SOURCES[kind].owners]
    walks = [select(_walk(kind, owner, edge_place).limit(limit).subquery()) for kind, owner in owned]
    # A shipment whose payer sends it stands in two walks; the union has it once.
    found = union(*walks).subquery()
    ordered = select(found).order_by(found.c["at"].desc(), found.c.place, found.c.id.desc())
    return ordered.limit(limit).correlate(customers)


def _page(rows: list[tuple[datetime, int, int]], window: Window) -> Page[Entry]:
    rows.sort(key=lambda row: (row[0], -row[1], row[2]), reverse=True)
    kept = rows[: window.size]
    return Page(
        rows=tuple(Entry(at, KINDS[place], number) for at, place, number in kept),
        keys=tuple(kept),
        has_more=len(rows) > window.size,
    )


def _walk(kind: Kind, owner: Column[int], edge_place: int | None) -> Select[Any]:
    source, place = _SOURCES[kind], KINDS.index(kind)
    number = owner.table.c.id
    columns = (source.at.label("at"), literal(place).label("place"), number.label("id"))
    rows = select(*columns).select_from(source.rows).where(owner == customers.c.id, source.at.is_not(None))
    if edge_place is not None:
        rows = rows.where(_older(source.at, number, place - edge_place))
    return rows.order_by(source.at.desc(), number.desc()).correlate(customers)


def _older(at: ColumnElement[Any], number: Column[int], places_further: int) -> ColumnElement[bool]:
    edge = bindparam("at", type_=Instant())
    if places_further:
        return at <= edge if places_further > 0 else at < edge
    return and_(at <= edge, or_(at < edge, number < bindparam("number", type_=number.type)))


def _count(source: _Source, up_to: int | None) -> ColumnElement[int]:
    mine = or_(*(owner == customers.c.id for owner in source.owners))
    rows = select(source.at).select_from(source.rows).where(mine, source.at.is_not(None)).correlate(customers)
    counted = select(func.count()).select_from(rows.limit(up_to).subquery())
    return counted.correlate(customers).scalar_subquery()
