"""What the departments of the small carrier told: exact rows for the tables of facts."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table

from kehu.tables import facts


def day(month: int, number: int, hour: int = 0) -> datetime:
    """An instant of 2026, UTC."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


# id, name, region, owner, last seen.
CUSTOMERS = (
    (1, "上海宏远贸易有限公司", "上海", 1, day(3, 10)),
    (2, "Beta Logistics Ltd", "北京", 2, day(3, 12)),
    (3, "alpha 100% Foods", "上海", 2, day(3, 1)),
    (4, "Gamma_Trade", None, None, None),
    (5, "王小明", "北京", 2, day(2, 1)),
    (6, "Ärger GmbH", "广东", 1, day(3, 12)),
    *((number, f"Customer {number:02}", "广东", 3, None) for number in range(7, 13)),
)


def _customers() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "uid": f"00000000-0000-5000-8000-{number:012}",
            "kind": "person" if number == 5 else "company",
            "name": name,
            "name_search": name.lower(),
            "region": region,
            "owner_id": owner,
            "first_seen_at": None if number == 12 else day(1, number),
            "last_seen_at": last_seen_at,
            "industry": None,
            "country": "CN",
            "city": None,
            "address": None,
            "phone": None,
            "email": None,
            "tax_code": None,
            "consent": None,
        }
        for number, name, region, owner, last_seen_at in CUSTOMERS
    ]


def _staff() -> list[dict[str, Any]]:
    rows = (
        (1, "E001", "张伟", "manager", 1, True),
        (2, "E002", "Li Na", "staff", 2, True),
        (3, "E003", "Wang", None, None, False),
    )
    names = ("id", "number", "name", "seniority", "department_id", "active")
    return [{**dict(zip(names, row, strict=True)), "title": None, "phone": None, "email": None} for row in rows]


def _records() -> dict[Table, list[dict[str, Any]]]:
    """Customer n is made of record 100 + n, customer 1 of record 121 too; contacts and events are records as well."""
    owners = {100 + number: number for number, *_ in CUSTOMERS} | {121: 1}
    records = [
        {
            "id": record,
            "system": "tms" if record == 121 else "crm",
            "entity": "shipment" if record == 121 else "customer",
            "key": f"K{record}",
            "hash": record,
            "batch_id": 2 if record == 121 else 1,
            "line": record,
        }
        for record in owners
    ]
    named = [
        {
            "id": record,
            "customer_id": customer,
            "origin": "mention" if record == 121 else "file",
            "name": CUSTOMERS[customer - 1][1],
        }
        for record, customer in owners.items()
    ]
    return {facts.source_records: records, facts.customer_records: named}


def _identifiers() -> list[dict[str, Any]]:
    rows = (
        (1, 1, "source_key", "crm", "K101"),
        (2, 1, "phone", None, "+8613912340001"),
        (3, 1, "email", None, "hong@yuan.cn"),
        (4, 1, "tax_code", None, "91310000MA1FL0000W"),
        (5, 1, "name_key", None, "上海宏远贸易"),
        (6, 2, "phone", None, "+8613912340001"),
        (7, 2, "source_key", "crm", "K102"),
        (8, 2, "contract", "legal", "C-77"),
        (9, 5, "name_key", None, "王小明"),
    )
    return [dict(zip(("id", "customer_id", "kind", "system", "value"), row, strict=True)) for row in rows]


# number, shipper, consignee, payer, accepted, promised, delivered
SHIPMENTS = (
    (1, 1, 2, 1, day(1, 1), day(1, 3), day(1, 3)),
    (2, 1, 3, 2, day(1, 2), day(1, 4), day(1, 5)),
    (3, 2, 1, 2, day(1, 2), day(1, 4), None),
    (4, 1, 2, None, None, None, None),
    (5, 1, 3, 1, None, None, None),
    (6, 3, 1, 3, day(2, 1), day(2, 2), day(2, 1, 12)),
    (7, 1, 1, 1, day(2, 10), None, day(2, 11)),
)


def _shipments() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "number": f"W{number:03}",
            "shipper_id": shipper,
            "consignee_id": consignee,
            "payer_id": payer,
            "accepted_at": accepted,
            "promised_at": promised,
            "delivered_at": delivered,
            "at": accepted,
            "service": "express",
            "status": None if delivered is None else "delivered",
            "pieces": 5_000_000_000 if number == 1 else 2,
            "weight_g": 1500,
            "revenue": 1250 * number,
            "cost": None,
            "currency": "JPY" if number == 7 else "CNY",
        }
        for number, shipper, consignee, payer, accepted, promised, delivered in SHIPMENTS
    ]


def _complaints() -> list[dict[str, Any]]:
    # number, customer, severity, opened, responded, resolved
    rows = (
        (1, 1, "high", day(2, 1, 8), None, None),
        (2, 2, "low", day(1, 20), day(1, 20, 1), None),
        (3, 3, "emergency", day(2, 5), None, None),
        (4, 3, "low", day(1, 10), None, None),
        (5, 4, "medium", day(1, 1), None, None),
        (6, 1, "low", day(1, 5), day(1, 5, 1), day(1, 6)),
        (7, 2, "low", day(1, 19), None, None),
        (8, 1, "low", day(3, 20), None, None),
    )
    return [
        {
            "id": number,
            "number": f"Q{number}",
            "customer_record_id": 100 + customer,
            "customer_id": customer,
            "severity": severity,
            "opened_at": opened,
            "responded_at": responded,
            "resolved_at": resolved,
            "shipment": "W001" if number == 1 else None,
            "handler": "E002" if number == 1 else None,
            "compensation": 5000 if number == 6 else None,
            "currency": "CNY",
        }
        for number, customer, severity, opened, responded, resolved in rows
    ]


def _visits() -> list[dict[str, Any]]:
    # number, customer, due, held, next due, overall service
    rows = (
        (1, 1, day(1, 10), day(1, 12), None, 5),
        (2, 1, day(1, 20), None, None, None),
        (3, 2, None, day(1, 5), day(2, 20), 2),
        (4, 2, None, day(1, 1), day(1, 2), None),
        (5, 3, day(2, 8), None, None, None),
        (6, 4, day(3, 15), None, None, None),
    )
    return [
        {
            "id": number,
            "number": f"V{number}",
            "customer_record_id": 100 + customer,
            "customer_id": customer,
            "staff": "E001",
            "due_at": due,
            "held_at": held,
            "next_due_at": agreed,
            "at": held or due,
            "overall_service": score,
            "timeliness": 4 if number == 1 else None,
        }
        for number, customer, due, held, agreed, score in rows
    ]


def _contacts() -> list[dict[str, Any]]:
    rows = ((201, 1, "王芳", "decision_maker"), (202, 1, "Chen", "end_user"), (203, 2, "Lee", None))
    return [
        {
            "id": number,
            "customer_record_id": 100 + customer,
            "customer_id": customer,
            "name": name,
            "decision_role": role,
        }
        for number, customer, name, role in rows
    ]


def _batches() -> list[dict[str, Any]]:
    names = ("id", "source", "file", "started_at", "finished_at", "read", "loaded", "unchanged", "quarantined")
    rows = (
        (1, "crm", "data/crm.csv", day(1, 1), day(1, 1, 1), 14, 12, 0, 2),
        (2, "tms", "data/tms.parquet", day(1, 1), day(1, 1, 2), 7, 7, 0, 0),
        (3, "crm", "data/crm.csv", day(2, 1), day(2, 1, 1), 14, 0, 13, 1),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _quarantine() -> list[dict[str, Any]]:
    names = ("id", "batch_id", "source", "file", "line", "column", "value", "reason", "row")
    rows = (
        (1, 1, "crm", "data/crm.csv", 7, "phone", "n/a", "is no phone", "7;n/a"),
        (2, 1, "crm", "data/crm.csv", 9, None, None, "has 3 columns, not 4", "9;;"),
        (3, 3, "tms", "data/tms.parquet", 9, "at", "x", "is no instant", "x"),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


ROWS: dict[Table, list[dict[str, Any]]] = {
    facts.batches: _batches(),
    facts.quarantine: _quarantine(),
    facts.departments: [{"id": 1, "name": "Key accounts"}, {"id": 2, "name": "Sales"}],
    facts.employees: _staff(),
    facts.customers: _customers(),
    facts.customer_aliases: [{"uid": "former-uid", "customer_id": 1}],
    **_records(),
    facts.identifiers: _identifiers(),
    facts.contacts: _contacts(),
    facts.shipments: _shipments(),
    facts.complaints: _complaints(),
    facts.visits: _visits(),
}
