"""Lists of customers are read along an index of their order, whatever the database."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from kehu.pipeline.transactions import reading
from kehu.reader.conditions import Every
from kehu.reader.customer_pages import Order, customer_page
from kehu.reader.keyset import Window

BY_EVENT = "ix_customers_last_seen_at_id"


@pytest.mark.parametrize(
    ("_case", "order", "here", "there"),
    [
        ("by name", Order("name"), "ix_customers_name_id", "ix_customers_name_bytes"),
        ("by name, falling", Order("name", descending=True), "ix_customers_name_id", "ix_customers_name_bytes"),
        ("by last event", Order("last_seen_at"), BY_EVENT, BY_EVENT),
        ("by last event, falling", Order("last_seen_at", descending=True), BY_EVENT, BY_EVENT),
        ("unknown first", Order("last_seen_at", unknown_first=True), BY_EVENT, BY_EVENT),
    ],
)
def test_an_index_leads_through_an_order(carrier: Engine, _case: str, order: Order, here: str, there: str) -> None:
    with reading(carrier) as connection:
        plan = _plan(connection, order)
    assert (here if carrier.dialect.name == "sqlite" else there) in plan


def _plan(connection: Connection, order: Order) -> str:
    told: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        told.append((given[2], given[3]))

    event.listen(connection, "before_cursor_execute", note)
    customer_page(connection, Every(), (order, Order("id")), Window(2))
    event.remove(connection, "before_cursor_execute", note)
    ((statement, parameters),) = told
    if connection.dialect.name == "sqlite":
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
    # A table of twelve rows is read whole otherwise.
    for way in ("seqscan", "bitmapscan", "sort"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
