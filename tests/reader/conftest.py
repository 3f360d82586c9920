"""A small carrier with exact values, on SQLite and on PostgreSQL: every reading test runs on both."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, insert

from kehu.store.database import open_database, upgrade
from kehu.tables import facts, runs


def day(month: int, number: int, hour: int = 0) -> datetime:
    """An instant of 2026, UTC."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


TIER_SPANS = {"vip": ("30 days", "2 hours"), "professional": ("60 days", "8 hours"), "ordinary": ("90 days", None)}


def tier(vip_when: str) -> dict[str, Any]:
    """The service tiers, whose VIP condition the second version changes."""
    labels = {"vip": ("VIP", "VIP客户"), "professional": ("Professional", "专业"), "ordinary": ("Ordinary", "普通")}
    whens = {"vip": vip_when, "professional": "revenue_365d >= 60000", "ordinary": None}
    levels = []
    for code, (visit_every, response) in TIER_SPANS.items():
        treatment = {"visit_every": visit_every, "discount": 0.1 if code == "vip" else 0}
        if response is not None:
            treatment["complaint_response"] = response
        label = {"en": labels[code][0], "zh": labels[code][1]}
        entry = {"code": code, "label": label, "when": whens[code], "otherwise": code == "ordinary"}
        levels.append({**entry, "treatment": treatment})
    return {
        "code": "service_tier",
        "kind": "tier",
        "label": {"en": "Service tier", "zh": "服务等级"},
        "description": "How well a customer is served.",
        "levels": levels,
        "warnings": [],
    }


LIFECYCLE = {
    "code": "lifecycle",
    "kind": "tier",
    "label": {"en": "Lifecycle", "zh": "生命周期"},
    "description": None,
    "levels": [
        {
            "code": code,
            "label": {"en": code.capitalize(), "zh": chinese},
            "when": None if code == "potential" else f"is_{code}",
            "otherwise": code == "potential",
            "treatment": {"complaint_response": "1 hour"} if code == "active" else {},
        }
        for code, chinese in (("active", "现实"), ("lost", "流失"), ("potential", "潜在"))
    ],
    "warnings": [],
}
CHURN = {
    "code": "churn_warning",
    "kind": "warning",
    "label": {"en": "Churn warning", "zh": "流失预警"},
    "description": None,
    "levels": [],
    "warnings": [
        {
            "code": code,
            "label": {"en": english, "zh": chinese},
            "when": "shipments_90d < 0.4 * shipments_prev_90d",
            "severity": severity,
            "route": route,
            "reason": "shipments fell from {shipments_prev_90d} to {shipments_90d}",
        }
        for code, english, chinese, severity, route in (
            ("volume_collapse", "Volume collapse", "货量骤降", "high", ["account_management", "customer_service"]),
            ("long_silence", "Long silence", "久未发货", "medium", ["account_management"]),
        )
    ],
}

# id, name, region, owner, last seen; the order by name is 2 7 8 9 10 11 12 4 3 6 1 5.
CUSTOMERS = (
    (1, "上海宏远贸易有限公司", "上海", 1, day(3, 10)),
    (2, "Beta Logistics Ltd", "北京", 2, day(3, 12)),
    (3, "alpha 100% Foods", "上海", 2, day(3, 1)),
    (4, "Gamma_Trade", None, None, None),
    (5, "王小明", "北京", 2, day(2, 1)),
    (6, "Ärger GmbH", "广东", 1, day(3, 12)),
    *((number, f"Customer {number:02}", "广东", 3, None) for number in range(7, 13)),
)
BY_NAME = (2, 7, 8, 9, 10, 11, 12, 4, 3, 6, 1, 5)


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


def _runs() -> dict[Table, list[dict[str, Any]]]:
    states = ((1, day(1, 1), "published", None), (2, day(2, 1), "published", None), (3, day(3, 1), "failed", "no disk"))
    versions = (
        ("d1", "service_tier", "tier", tier("revenue_365d >= 400000")),
        ("d2", "service_tier", "tier", tier("revenue_365d >= 500000")),
        ("d3", "lifecycle", "tier", LIFECYCLE),
        ("d4", "churn_warning", "warning", CHURN),
    )
    used = ((1, "d1", 1), (1, "d3", 0), (2, "d2", 1), (2, "d3", 0), (2, "d4", 2))
    codes = {digest: code for digest, code, *_ in versions}
    members = {("service_tier", "vip"): 1, ("service_tier", "professional"): 1, ("service_tier", "ordinary"): 9}
    return {
        runs.runs: [
            {
                "id": number,
                "as_of": as_of,
                "state": state,
                "engine": "polars",
                "rule_digest": f"r{number}",
                "feature_digest": "f",
                "customers": 12,
                "started_at": as_of,
                "finished_at": as_of,
                "counts": {"service_tier": {"vip": 1}},
                "timings": None,
                "error": error,
            }
            for number, as_of, state, error in states
        ],
        runs.publication: [{"id": 1, "run_id": 2, "published_at": day(2, 1, 1)}],
        runs.rule_versions: [
            {
                "digest": digest,
                "ruleset": code,
                "kind": kind,
                "definition": definition,
                "source": f"ruleset: {code}",
                "path": f"rules/{code}.yaml",
            }
            for digest, code, kind, definition in versions
        ],
        runs.run_rules: [
            {"run_id": run, "ruleset": codes[digest], "digest": digest, "position": position}
            for run, digest, position in used
        ],
        runs.run_levels: [
            {"run_id": 2, "ruleset": ruleset, "level": level, "members": count}
            for (ruleset, level), count in members.items()
        ],
    }


def _memberships() -> list[dict[str, Any]]:
    # customer, rule set, level, from run, until run, digest; customer 4 is in nothing
    tiers = [
        (1, "service_tier", "ordinary", 1, 2, "d1"),
        (1, "service_tier", "vip", 2, None, "d2"),
        (2, "service_tier", "professional", 1, None, "d1"),
        *((number, "service_tier", "ordinary", 1, None, "d1") for number in (3, *range(5, 13))),
        (1, "lifecycle", "active", 1, None, "d3"),
        (2, "lifecycle", "lost", 1, None, "d3"),
    ]
    return [
        {
            "id": place,
            "customer_id": customer,
            "ruleset": ruleset,
            "level": level,
            "from_run_id": since,
            "until_run_id": until,
            "digest": digest,
            "reasons": {"when": f"is {level}", "features": {"shipments_90d": 3, "revenue_365d": customer}},
        }
        for place, (customer, ruleset, level, since, until, digest) in enumerate(tiers, start=1)
    ]


def _warnings() -> list[dict[str, Any]]:
    # number, customer, sign, severity, route, cleared by
    both, one = ["account_management", "customer_service"], ["account_management"]
    rows = (
        (1, 2, "volume_collapse", "high", both, None),
        (2, 3, "long_silence", "medium", one, None),
        (3, 2, "long_silence", "medium", one, None),
        (4, 1, "volume_collapse", "high", both, 2),
    )
    return [
        {
            "id": number,
            "customer_id": customer,
            "ruleset": "churn_warning",
            "warning": sign,
            "severity": severity,
            "reason": f"shipments fell from {number}0 to {number}",
            "reasons": {"when": "shipments_90d < 0.4 * shipments_prev_90d", "features": {"shipments_90d": number}},
            "route": route,
            "fired_run_id": 1 if cleared else 2,
            "cleared_run_id": cleared,
            "fired_at": day(1, 1) if cleared else day(2, 1),
            "digest": "d4",
            "state": "open",
            "outcome": None,
        }
        for number, customer, sign, severity, route, cleared in rows
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


def _seed(engine: Engine) -> Engine:
    upgrade(engine)
    tables = {
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
        **_runs(),
        runs.memberships: _memberships(),
        runs.warnings: _warnings(),
    }
    with engine.begin() as connection:
        for table, rows in tables.items():
            connection.execute(insert(table), rows)
    return engine


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def carrier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The seeded carrier; nothing may change it."""
    folder = tmp_path_factory.mktemp("carrier")
    url = f"sqlite:///{folder}/carrier.sqlite3"
    if request.param == "postgresql":
        url = _new_database(request.getfixturevalue("postgres_server"))
    engine = _seed(open_database(url))
    yield engine
    engine.dispose()


def _new_database(server: str) -> str:
    name = f"carrier_{uuid.uuid4().hex}"
    admin = open_database(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def connection(carrier: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with carrier.connect() as opened:
        yield opened
