"""One load: what becomes of every row, what changes and what does not."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select

from kehu.model.graph import Entity
from kehu.pipeline.transactions import writing
from kehu.sources.loader import LoadedChunk
from kehu.store.customers import ResolvedCounts
from kehu.store.load import FileCounts, Load
from kehu.tables.facts import (
    complaints,
    customer_records,
    customers,
    departments,
    employees,
    identifiers,
    shipments,
    source_records,
    visits,
)
from kehu.tables.golden import golden_values
from kehu.tables.identity_index import identity_state, record_values

LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
Content = dict[str, list[tuple[object, ...]]]
Read = Callable[[Engine], Content]
Row = dict[str, object]
Rows = dict[Entity, list[Row]]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CRM: Rows = {
    "customer": [
        {"key": "C1", "name": "顺达科技有限公司", "phone": "13800138001", "owner": "E1", "region": "Guangdong"},
        {"key": "C2", "name": "Wang Wu", "kind": "person", "phone": "13900139002"},
    ],
    "contact": [{"key": "K1", "customer_system": "crm", "customer_key": "C1", "name": "李经理"}],
}
STAFF: Rows = {
    "employee": [
        {"key": "E1", "name": "陈晨", "department": "sales", "seniority": "senior"},
        {"key": "E2", "name": "Zhao", "department": "sales", "active": False},
        {"key": "E3", "name": "Qian"},
    ]
}
TMS: Rows = {
    "shipment": [
        {
            "key": "W1",
            "number": "W1",
            "shipper_system": "crm",
            "shipper_key": "C1",
            "consignee_name": "Wang Wu",
            "consignee_phone": "139 0013 9002",
            "payer_system": "crm",
            "payer_key": "C1",
            "accepted_at": datetime(2026, 1, 5, tzinfo=UTC),
            "revenue": 1250,
        },
        {"key": "W2", "number": "W2", "consignee_name": "Somebody", "payer_name": "Somebody", "status": "cancelled"},
    ]
}
CALLS: Rows = {
    "complaint": [
        {
            "key": "T1",
            "number": "T1",
            "customer_system": "crm",
            "customer_key": "C1",
            "opened_at": datetime(2026, 2, 1, tzinfo=UTC),
        }
    ],
    "visit": [
        {
            "key": "V1",
            "number": "V1",
            "customer_system": "crm",
            "customer_key": "C2",
            "held_at": datetime(2026, 1, 9, tzinfo=UTC),
            "timeliness": 4,
        }
    ],
}
EVERYTHING = (("crm", CRM), ("hr", STAFF), ("tms", TMS), ("calls", CALLS))


def shown(engine: Engine) -> dict[str, str]:
    """The names of customers by the source keys they are known by."""
    with engine.connect() as connection:
        query = select(identifiers.c.system, identifiers.c.value, customers.c.name).join_from(
            identifiers, customers, identifiers.c.customer_id == customers.c.id
        )
        found = connection.execute(query.where(identifiers.c.kind == "source_key"))
        return {f"{system}:{value}": name for system, value, name in found}


def test_every_row_of_every_kind_arrives(database: Engine, load_files: LoadFiles) -> None:
    counts, resolved = load_files(database, *EVERYTHING)
    assert [(item.source, item.read, item.loaded, item.unchanged, item.quarantined) for item in counts] == [
        ("crm", 3, 3, 0, 0),
        ("hr", 3, 3, 0, 0),
        ("tms", 2, 2, 0, 0),
        ("calls", 2, 2, 0, 0),
    ]
    assert resolved == ResolvedCounts(records=8, customers=3, new=3, gone=0)
    assert shown(database) == {"crm:C1": "顺达科技有限公司", "crm:C2": "Wang Wu"}
    with database.connect() as connection:
        parties = connection.execute(
            select(shipments.c.number, shipments.c.shipper_id, shipments.c.consignee_id, shipments.c.payer_id).order_by(
                shipments.c.number
            )
        ).all()
        ids = {row.name: row.id for row in connection.execute(select(customers.c.name, customers.c.id))}
        assert [tuple(row) for row in parties] == [
            ("W1", ids["顺达科技有限公司"], ids["Wang Wu"], ids["顺达科技有限公司"]),
            ("W2", None, ids["Somebody"], ids["Somebody"]),
        ]
        assert connection.execute(select(complaints.c.customer_id)).scalars().all() == [ids["顺达科技有限公司"]]
        assert connection.execute(select(visits.c.customer_id, visits.c.timeliness)).all() == [(ids["Wang Wu"], 4)]


def test_mentions_become_records_once(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, *EVERYTHING)
    with database.connect() as connection:
        origins = connection.execute(
            select(customer_records.c.origin, source_records.c.system, func.count())
            .join_from(customer_records, source_records, customer_records.c.id == source_records.c.id)
            .group_by(customer_records.c.origin, source_records.c.system)
            .order_by(customer_records.c.origin, source_records.c.system)
        ).all()
        ids = connection.execute(select(shipments.c.shipper_record_id, shipments.c.payer_record_id)).all()
    assert [tuple(row) for row in origins] == [
        ("file", "crm", 2),
        ("mention", "calls", 2),
        ("mention", "crm", 1),
        ("mention", "tms", 3),
    ]
    assert ids[0].shipper_record_id == ids[0].payer_record_id


def test_loading_twice_changes_nothing(database: Engine, load_files: LoadFiles, content: Read) -> None:
    load_files(database, *EVERYTHING)
    before = content(database)
    counts, resolved = load_files(database, *EVERYTHING, now=LATER)
    after = content(database)
    assert resolved is None
    assert [(item.read, item.loaded, item.unchanged) for item in counts] == [(3, 0, 3), (3, 0, 3), (2, 0, 2), (2, 0, 2)]
    assert len(after.pop("batches")) == 2 * len(before.pop("batches")) == 8
    assert after == before


def test_one_more_row_leaves_the_others_alone(database: Engine, load_files: LoadFiles, content: Read) -> None:
    load_files(database, *EVERYTHING)
    before = content(database)
    load_files(database, ("crm", {"customer": [{"key": "C9", "name": "New Ltd"}]}))
    after = content(database)
    changed = {name for name in before if before[name] != after[name]}
    resolved = {"customers", "identifiers", "golden_values", "record_values", "identity_state"}
    assert changed == {"batches", "source_records", "customer_records", "event_changes", *resolved}
    assert all(set(before[name]) <= set(after[name]) for name in before if name != "identity_state")


def test_a_changed_row_renews_only_itself(database: Engine, load_files: LoadFiles, content: Read) -> None:
    load_files(database, *EVERYTHING)
    before = content(database)
    delivered = dict(TMS["shipment"][0]) | {"delivered_at": datetime(2026, 1, 7, tzinfo=UTC), "revenue": 1300}
    counts, _ = load_files(database, ("tms", {"shipment": [delivered, TMS["shipment"][1]]}), now=LATER)
    after = content(database)
    assert [(item.read, item.loaded, item.unchanged) for item in counts] == [(2, 1, 1)]
    differing = {name: set(before[name]) ^ set(after[name]) for name in before if before[name] != after[name]}
    assert set(differing) == {"batches", "source_records", "shipments", "event_changes"}
    assert (len(differing["source_records"]), len(differing["shipments"])) == (2, 2)
    with database.connect() as connection:
        row = connection.execute(select(shipments).where(shipments.c.number == "W1")).one()
        record = connection.execute(select(source_records).where(source_records.c.id == row.id)).one()
    assert (row.revenue, row.delivered_at, row.accepted_at) == (
        1300,
        datetime(2026, 1, 7, tzinfo=UTC),
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    assert (record.batch_id, record.line) == (5, 2)


def test_an_event_follows_its_changed_mention(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, *EVERYTHING)
    corrected = dict(CALLS["complaint"][0]) | {"customer_key": "C2"}
    load_files(database, ("calls", {"complaint": [corrected]}))
    with database.connect() as connection:
        found = connection.execute(
            select(customers.c.name).join(complaints, complaints.c.customer_id == customers.c.id)
        ).all()
    assert [tuple(row) for row in found] == [("Wang Wu",)]


def test_a_key_that_comes_twice_in_a_load_keeps_the_later_values(database: Engine, load_files: LoadFiles) -> None:
    first, second = dict(TMS["shipment"][0]), dict(TMS["shipment"][0]) | {"revenue": 7}
    counts, _ = load_files(database, ("tms", {"shipment": [first]}), ("tms", {"shipment": [second]}))
    assert [(item.loaded, item.unchanged) for item in counts] == [(1, 0), (1, 0)]
    with database.connect() as connection:
        assert connection.execute(select(shipments.c.number, shipments.c.revenue)).all() == [("W1", 7)]


def test_staff_and_departments_are_renewed_by_number(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, ("hr", STAFF))
    gone = {"key": "E1", "name": "陈晨", "department": "finance", "active": False}
    load_files(database, ("hr", {"employee": [gone, {"key": "E4", "name": "Sun", "department": "finance"}]}))
    query = (
        select(employees.c.number, departments.c.name, employees.c.active, employees.c.seniority)
        .outerjoin_from(employees, departments, departments.c.id == employees.c.department_id)
        .order_by(employees.c.number)
    )
    with database.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("E1", "finance", False, None),
            ("E2", "sales", False, None),
            ("E3", None, True, None),
            ("E4", "finance", True, None),
        ]
        assert connection.execute(select(func.count()).select_from(departments)).scalar_one() == 2


@pytest.mark.parametrize(
    ("_case", "files"),
    [
        ("staff first", (("hr", STAFF), ("crm", CRM))),
        ("customers first", (("crm", CRM), ("hr", STAFF))),
    ],
)
def test_the_owner_comes_from_the_records(
    _case: str, files: tuple[tuple[str, Rows], ...], database: Engine, load_files: LoadFiles
) -> None:
    for file in files:
        load_files(database, file)
    query = select(customers.c.name, employees.c.name).outerjoin_from(
        customers, employees, customers.c.owner_id == employees.c.id
    )
    with database.connect() as connection:
        assert {tuple(row) for row in connection.execute(query)} == {("顺达科技有限公司", "陈晨"), ("Wang Wu", None)}


def seen(engine: Engine) -> dict[str, tuple[datetime | None, datetime | None]]:
    """First and last seen of every customer by name."""
    with engine.connect() as connection:
        rows = connection.execute(select(customers.c.name, customers.c.first_seen_at, customers.c.last_seen_at))
        return {row.name: (row.first_seen_at, row.last_seen_at) for row in rows}


def test_first_and_last_seen_span_all_events(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, *EVERYTHING)
    shipped, complained = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert seen(database) == {
        "顺达科技有限公司": (shipped, complained),
        "Wang Wu": (shipped, datetime(2026, 1, 9, tzinfo=UTC)),
        "Somebody": (None, None),
    }


def test_a_planned_visit_is_not_a_sighting(database: Engine, load_files: LoadFiles) -> None:
    due = datetime(2030, 1, 1, tzinfo=UTC)
    visit: Row = {"key": "V1", "number": "V1", "customer_system": "crm", "customer_key": "C2", "due_at": due}
    load_files(database, ("crm", CRM), ("calls", {"visit": [visit]}))
    assert seen(database)["Wang Wu"] == (None, None)


def test_a_customer_that_lost_its_events_was_not_seen(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, *EVERYTHING)
    moved = [dict(CALLS["visit"][0]) | {"customer_key": "C1"}]
    sent = dict(TMS["shipment"][0]) | {"consignee_name": None, "consignee_phone": None}
    load_files(database, ("calls", {"visit": moved}), ("tms", {"shipment": [sent]}))
    assert seen(database)["Wang Wu"] == (None, None)


def test_a_load_that_fails_half_way_leaves_the_database_untouched(
    database: Engine, load_files: LoadFiles, content: Read, tmp_path: Path, chunk_of: Callable[[Rows], LoadedChunk]
) -> None:
    load_files(database, ("crm", CRM))
    before = content(database)
    folder = tmp_path / "spool"
    folder.mkdir()
    with pytest.raises(OSError, match="the disk is gone"):
        _load_and_fail(database, folder, chunk_of)
    assert content(database) == before


def _load_and_fail(engine: Engine, folder: Path, chunk_of: Callable[[Rows], LoadedChunk]) -> None:
    with writing(engine) as connection:
        run = Load(connection, folder, "CN")
        run.take([chunk_of(STAFF)], FileCounts("hr", "hr.csv"), system="hr", clock=lambda: NOW)
        run.take([chunk_of(CALLS)], FileCounts("calls", "calls.csv"), system="calls", clock=lambda: NOW)
        run.finish()
        failing = (chunk_of(TMS) if place == 0 else _fail() for place in range(2))
        run.take(failing, FileCounts("tms", "tms.csv"), system="tms", clock=lambda: NOW)


def _fail() -> LoadedChunk:
    raise OSError("the disk is gone")


def test_the_first_load_after_an_upgrade_keeps_what_was_not_kept_before_though_no_row_is_new(
    database: Engine, load_files: LoadFiles, content: Read
) -> None:
    load_files(database, ("crm", CRM))
    kept = ("customers", "golden_values", "record_values")
    before = {name: content(database)[name] for name in kept}
    with writing(database) as connection:
        for table in (golden_values, record_values, identity_state):
            connection.execute(delete(table))
    load_files(database, ("crm", CRM))
    assert {name: content(database)[name] for name in kept} == before
