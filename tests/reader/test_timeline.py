"""Timelines of many customers in one statement."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from kehu.reader.keyset import Page, Window
from kehu.reader.timeline import KINDS, Entry, Kind, count_timelines, timelines
from kehu.tables.facts import complaints, customers, shipments, visits
from kehu.tables.runs import memberships, runs, warnings

Place = tuple[datetime, int, int]


def _events(connection: Connection, customer: int) -> list[Place]:
    """All of a customer's events, as told one by one, in the order of its timeline."""
    parts = (shipments.c.shipper_id, shipments.c.consignee_id, shipments.c.payer_id)
    entered = select(runs.c.as_of, memberships.c.id).join(runs, runs.c.id == memberships.c.from_run_id)
    shipped = [select(shipments.c["at"], shipments.c.id).where(part == customer) for part in parts]
    told: tuple[Iterable[Any], ...] = (
        [row for statement in shipped for row in connection.execute(statement)],
        connection.execute(select(complaints.c.opened_at, complaints.c.id).where(complaints.c.customer_id == customer)),
        connection.execute(select(visits.c["at"], visits.c.id).where(visits.c.customer_id == customer)),
        connection.execute(select(warnings.c.fired_at, warnings.c.id).where(warnings.c.customer_id == customer)),
        connection.execute(entered.where(memberships.c.customer_id == customer)),
    )  # fmt: skip
    found = {(at, place, number) for place, rows in enumerate(told) for at, number in rows if at is not None}
    return sorted(found, key=_newest_first)


def _newest_first(row: Place) -> tuple[float, int, int]:
    at, place, number = row
    return -at.timestamp(), place, -number


def _page(events: list[Place], kinds: tuple[Kind, ...], size: int, beside: Place | None) -> Page[Entry]:
    wanted = [row for row in events if KINDS[row[1]] in kinds]
    if beside is not None:
        wanted = [row for row in wanted if _newest_first(row) > _newest_first(beside)]
    kept = tuple(wanted[:size])
    return Page(tuple(Entry(at, KINDS[place], number) for at, place, number in kept), kept, len(wanted) > size)


@pytest.mark.parametrize(
    ("_case", "kinds", "size", "beside"),
    [
        ("all of it", KINDS, 50, None),
        ("the newest of it", KINDS, 3, None),
        ("further ones", KINDS, 4, 2),
        ("one kind", ("level",), 5, None),
        ("some kinds further on", ("shipment", "visit"), 2, 1),
        ("none", KINDS, 0, None),
    ],
)
def test_each_customer_has_the_page_it_would_have_alone(
    connection: Connection, _case: str, kinds: tuple[Kind, ...], size: int, beside: int | None
) -> None:
    ids = list(connection.scalars(select(customers.c.id)))
    events = {customer: _events(connection, customer) for customer in ids}
    edge = None if beside is None else events[1][beside]
    expected = {customer: _page(told, kinds, size, edge) for customer, told in events.items()}
    found = timelines(connection, ids, kinds, Window(size, edge))
    assert {customer: found.get(customer, Page()) for customer in ids} == expected
    counted = {customer: len([row for row in told if KINDS[row[1]] in kinds]) for customer, told in events.items()}
    assert count_timelines(connection, ids, kinds) == counted


def test_any_number_of_customers_costs_one_statement(connection: Connection) -> None:
    said: list[str] = []
    connection.begin()
    event.listen(connection, "before_cursor_execute", lambda *given: said.append(given[2]))
    timelines(connection, range(1, 13), KINDS, Window(5))
    count_timelines(connection, range(1, 13), KINDS)
    assert len(said) == 2
