"""SQLite answers what a load asks by look-ups of keys: never by reading all records or events."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, event

from kehu.model.graph import Entity
from kehu.store.customers import PARTY_COLUMNS

Row = dict[str, object]
Rows = dict[Entity, list[Row]]
LoadFiles = Callable[..., object]
# Customers are resolved over all their records on purpose; these tables may be too large to be read whole.
TABLES = {"source_records", "memberships", "warnings", "overrides", *(table.name for table, _, _ in PARTY_COLUMNS)}
AT = datetime(2026, 1, 1, tzinfo=UTC)


def plans_of(engine: Engine, work: Callable[[], object]) -> dict[str, list[str]]:
    """The plan of every statement that changes or reads rows during `work`."""
    plans: dict[str, list[str]] = {}

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if re.match("SELECT|UPDATE|DELETE|WITH", statement.strip()) and statement not in plans:
            values = parameters[0] if isinstance(parameters, list) else parameters
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans[statement] = [row[3] for row in rows]

    event.listen(engine, "before_cursor_execute", explain)
    work()
    event.remove(engine, "before_cursor_execute", explain)
    return plans


def events(*keys: str) -> Rows:
    """A shipment, complaint, visit and contact of every customer."""
    shipment: list[Row] = [
        {"key": f"W{key}", "number": f"W{key}", "accepted_at": AT}
        | {f"{role}_{part}": value for role in ("shipper", "payer") for part, value in _name(key).items()}
        | {f"consignee_{part}": value for part, value in _name(keys[0]).items()}
        for key in keys
    ]
    named = [{f"customer_{part}": value for part, value in _name(key).items()} | {"key": f"X{key}"} for key in keys]
    return {
        "shipment": shipment,
        "complaint": [row | {"number": row["key"], "opened_at": AT} for row in named],
        "visit": [row | {"number": row["key"], "held_at": AT} for row in named],
        "contact": [row | {"name": row["key"]} for row in named],
    }


def _name(key: str) -> Row:
    return {"system": "crm", "key": key}


def customer(key: str, same_as: str | None = None) -> Rows:
    """A row of the CRM's list."""
    link = {"same_as_system": "crm", "same_as_key": same_as} if same_as else {}
    row: Row = {"key": key, "name": key, **link}
    return {"customer": [row]}


def test_a_load_looks_records_and_events_up_by_key(sqlite_database: Engine, load_files: LoadFiles) -> None:
    load_files(sqlite_database, ("crm", customer("a")), ("crm", customer("b")), ("ops", events("a", "b")))
    renewed = {"shipment": [events("b", "a")["shipment"][0]]}
    joined = customer("b", same_as="a")
    plans = plans_of(sqlite_database, lambda: load_files(sqlite_database, ("crm", joined), ("ops", renewed)))
    scans = {
        (table, statement)
        for statement, plan in plans.items()
        for step in plan
        for table in TABLES
        if re.match(rf"SCAN {table}\b(?! USING COVERING INDEX)", step)
        or re.match(r"SCAN [er] ?$", step)
        or "AUTOMATIC" in step
    }
    assert {table for table, statement in scans if "_seen_at" not in statement} == set()
    known = [plan for statement, plan in plans.items() if "FROM staged_keys" in statement]
    assert known == [
        [
            "SCAN k",
            "SEARCH r USING INDEX uq_source_records_system_entity_key (system=? AND entity=? AND key=?)",
        ]
    ]
    moved = [plan[1] for statement, plan in plans.items() if "FROM staged_moves" in statement]
    assert [step.split(" (")[0] for step in moved] == [
        "SEARCH e USING INDEX ix_shipments_shipper_id_at_id",
        "SEARCH e USING INDEX ix_shipments_consignee_id_at_id",
        "SEARCH e USING INDEX ix_shipments_payer_id_at_id",
        "SEARCH e USING INDEX ix_complaints_customer_id_opened_at_id",
        "SEARCH e USING INDEX ix_visits_customer_id_at_id",
        "SEARCH e USING INDEX ix_contacts_customer_id_id",
    ]
    history = [plan for statement, plan in plans.items() if "FROM staged_touched AS s" in statement]
    steps = [step.split(" (")[0] for plan in history for step in plan if step.startswith("SEARCH h ")]
    assert steps == [
        "SEARCH h USING INDEX ix_memberships_customer_id",
        "SEARCH h USING INDEX ix_warnings_customer_id_id",
        "SEARCH h USING COVERING INDEX ix_overrides_customer_id_id",
    ]


def test_every_reference_to_a_customer_is_indexed(sqlite_database: Engine) -> None:
    with sqlite_database.connect() as connection:
        driver = connection.connection.cursor()
        for table in ("memberships", "warnings", "overrides", "identifiers", "customer_aliases", "customer_records"):
            plan = driver.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE customer_id = 1").fetchall()
            assert plan[0][3].startswith(f"SEARCH {table} USING"), table
