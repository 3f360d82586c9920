"""One customer's whole file, asked over HTTP of both databases."""

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]
UID = "00000000-0000-5000-8000-000000000001"

FILE = """
query File($id: ID!) {
  customer(id: $id) {
    uid name kind region country firstSeenAt lastSeenAt
    owner { number name seniority isActive customersOwned department { name } }
    identifiers { nodes { kind system value } }
    contacts { totalCount nodes { name decisionRole } }
    shipments(first: 2) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage }
      nodes {
        number isOnTime pieces shipper { uid } consignee { name } payer { uid }
        revenue { amountMinor amount currency } cost { amount }
      }
    }
    complaints(first: 2) {
      totalCount
      nodes { number severity shipment { number } handler { name } compensation { amount } }
    }
    visits { nodes { number heldAt dueAt staff { number } satisfaction { dimension score } } }
    segments {
      ruleSet { code version }
      level { code label zh: label(locale: ZH) isOtherwise treatment { name value } }
      since until run { number isCurrent }
      reasons { when features { name value } }
    }
    segmentHistory { totalCount nodes { level { code members } ruleSet { version } since until untilRun { number } } }
    level(ruleSet: "service_tier") { code when members }
    warnings { totalCount }
    cleared: warnings(includeCleared: true) { nodes { code label isOpen } }
    sourceRecords { nodes { system key origin file line loadedAt } }
  }
}
"""


def test_everything_is_on_one_page(ask: Ask) -> None:
    assert ask(FILE, id=UID)["customer"] == {
        "uid": UID,
        "name": "上海宏远贸易有限公司",
        "kind": "company",
        "region": "上海",
        "country": "CN",
        "firstSeenAt": "2026-01-01T00:00:00+00:00",
        "lastSeenAt": "2026-03-10T00:00:00+00:00",
        "owner": {
            "number": "E001",
            "name": "张伟",
            "seniority": "manager",
            "isActive": True,
            "customersOwned": 2,
            "department": {"name": "Key accounts"},
        },
        "identifiers": {
            "nodes": [
                {"kind": "source_key", "system": "crm", "value": "K101"},
                {"kind": "phone", "system": None, "value": "+8613912340001"},
                {"kind": "email", "system": None, "value": "hong@yuan.cn"},
                {"kind": "tax_code", "system": None, "value": "91310000MA1FL0000W"},
                {"kind": "name_key", "system": None, "value": "上海宏远贸易"},
            ]
        },
        "contacts": {
            "totalCount": 2,
            "nodes": [{"name": "王芳", "decisionRole": "decision_maker"}, {"name": "Chen", "decisionRole": "end_user"}],
        },
        "shipments": {
            "totalCount": 7,
            "pageInfo": {"hasNextPage": True, "hasPreviousPage": False},
            "nodes": [
                {
                    "number": "W007",
                    "isOnTime": None,
                    "pieces": 2,
                    "shipper": {"uid": UID},
                    "consignee": {"name": "上海宏远贸易有限公司"},
                    "payer": {"uid": UID},
                    "revenue": {"amountMinor": "8750", "amount": "8750", "currency": "JPY"},
                    "cost": None,
                },
                {
                    "number": "W006",
                    "isOnTime": True,
                    "pieces": 2,
                    "shipper": {"uid": UID.replace("001", "003")},
                    "consignee": {"name": "上海宏远贸易有限公司"},
                    "payer": {"uid": UID.replace("001", "003")},
                    "revenue": {"amountMinor": "7500", "amount": "75.00", "currency": "CNY"},
                    "cost": None,
                },
            ],
        },
        "complaints": {
            "totalCount": 3,
            "nodes": [
                {"number": "Q8", "severity": "low", "shipment": None, "handler": None, "compensation": None},
                {
                    "number": "Q1",
                    "severity": "high",
                    "shipment": {"number": "W001"},
                    "handler": {"name": "Li Na"},
                    "compensation": None,
                },
            ],
        },
        "visits": {
            "nodes": [
                {
                    "number": "V2",
                    "heldAt": None,
                    "dueAt": "2026-01-20T00:00:00+00:00",
                    "staff": {"number": "E001"},
                    "satisfaction": [],
                },
                {
                    "number": "V1",
                    "heldAt": "2026-01-12T00:00:00+00:00",
                    "dueAt": "2026-01-10T00:00:00+00:00",
                    "staff": {"number": "E001"},
                    "satisfaction": [
                        {"dimension": "timeliness", "score": 4},
                        {"dimension": "overall_service", "score": 5},
                    ],
                },
            ]
        },
        "segments": [
            {
                "ruleSet": {"code": "lifecycle", "version": "d3"},
                "level": {
                    "code": "active",
                    "label": "Active",
                    "zh": "现实",
                    "isOtherwise": False,
                    "treatment": [{"name": "complaint_response", "value": "1 hour"}],
                },
                "since": "2026-01-01T00:00:00+00:00",
                "until": None,
                "run": {"number": 1, "isCurrent": False},
                "reasons": {
                    "when": "is active",
                    "features": [{"name": "revenue_365d", "value": 1}, {"name": "shipments_90d", "value": 3}],
                },
            },
            {
                "ruleSet": {"code": "service_tier", "version": "d2"},
                "level": {
                    "code": "vip",
                    "label": "VIP",
                    "zh": "VIP客户",
                    "isOtherwise": False,
                    "treatment": [
                        {"name": "complaint_response", "value": "2 hours"},
                        {"name": "discount", "value": 0.1},
                        {"name": "visit_every", "value": "30 days"},
                    ],
                },
                "since": "2026-02-01T00:00:00+00:00",
                "until": None,
                "run": {"number": 2, "isCurrent": True},
                "reasons": {
                    "when": "is vip",
                    "features": [{"name": "revenue_365d", "value": 1}, {"name": "shipments_90d", "value": 3}],
                },
            },
        ],
        "segmentHistory": {
            "totalCount": 3,
            "nodes": [
                {
                    "level": {"code": "active", "members": 0},
                    "ruleSet": {"version": "d3"},
                    "since": "2026-01-01T00:00:00+00:00",
                    "until": None,
                    "untilRun": None,
                },
                {
                    "level": {"code": "vip", "members": 1},
                    "ruleSet": {"version": "d2"},
                    "since": "2026-02-01T00:00:00+00:00",
                    "until": None,
                    "untilRun": None,
                },
                {
                    "level": {"code": "ordinary", "members": None},
                    "ruleSet": {"version": "d1"},
                    "since": "2026-01-01T00:00:00+00:00",
                    "until": "2026-02-01T00:00:00+00:00",
                    "untilRun": {"number": 2},
                },
            ],
        },
        "level": {"code": "vip", "when": "revenue_365d >= 500000", "members": 1},
        "warnings": {"totalCount": 0},
        "cleared": {"nodes": [{"code": "volume_collapse", "label": "Volume collapse", "isOpen": False}]},
        "sourceRecords": {
            "nodes": [
                {
                    "system": "crm",
                    "key": "K101",
                    "origin": "file",
                    "file": "data/crm.csv",
                    "line": "101",
                    "loadedAt": "2026-01-01T01:00:00+00:00",
                },
                {
                    "system": "tms",
                    "key": "K121",
                    "origin": "mention",
                    "file": "data/tms.parquet",
                    "line": "121",
                    "loadedAt": "2026-01-01T02:00:00+00:00",
                },
            ]
        },
    }


@pytest.mark.parametrize(
    ("_case", "value", "expected"),
    [
        ("the uid", UID, UID),
        ("the uid in capitals", UID.upper(), UID),
        ("a former uid", "former-uid", UID),
        ("a source key", "K101", UID),
        ("an e-mail in capitals", " Hong@Yuan.CN ", UID),
        ("the name with its legal form", "上海宏远贸易有限公司", UID),
        ("the name in traditional characters", "上海宏遠貿易", UID),
        ("a kind of identifier of its own", "C-77", UID.replace("001", "002")),
        ("nobody's phone", "13912349999", None),
        ("nothing", "   ", None),
    ],
)
def test_any_identifier_finds_the_customer(ask: Ask, _case: str, value: str, expected: str | None) -> None:
    found = ask("query($v: String!) { customerByIdentifier(value: $v) { uid } }", v=value)["customerByIdentifier"]
    assert found == (None if expected is None else {"uid": expected})


@pytest.mark.parametrize("written", ["13912340001", "139 1234 0001", "+86 139-1234-0001", "0086 13912340001"])
def test_a_shared_phone_is_not_guessed(ask: Ask, refused: Ask, written: str) -> None:
    error = refused("query($v: String!) { customerByIdentifier(value: $v) { uid } }", v=written)
    assert error["message"] == f"'{written}' is the phone of 2 customers; ask for customersByIdentifier"
    assert error["extensions"] == {"code": "AMBIGUOUS_IDENTIFIER", "uids": [UID, UID.replace("001", "002")]}
    every = "query($v: String!) { customersByIdentifier(value: $v) { kind system value customer { uid } } }"
    assert ask(every, v=written)["customersByIdentifier"] == [
        {"kind": "phone", "system": None, "value": "+8613912340001", "customer": {"uid": uid}}
        for uid in (UID, UID.replace("001", "002"))
    ]


@pytest.mark.parametrize("role", ["ANY", "SHIPPER", "CONSIGNEE", "PAYER"])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_pages_of_shipments_cover_them_once(ask: Ask, role: str, first: int) -> None:
    query = """query($first: Int, $after: String, $role: ShipmentRole!) {
      customer(id: "former-uid") { shipments(role: $role, first: $first, after: $after) {
        edges { cursor node { number } } pageInfo { hasNextPage startCursor endCursor } totalCount } } }"""
    numbers: list[str] = []
    after = None
    while True:
        page = ask(query, first=first, after=after, role=role)["customer"]["shipments"]
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])
        numbers += [edge["node"]["number"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    expected = {
        "ANY": ["W007", "W006", "W003", "W002", "W001", "W005", "W004"],
        "SHIPPER": ["W007", "W002", "W001", "W005", "W004"],
        "CONSIGNEE": ["W007", "W006", "W003"],
        "PAYER": ["W007", "W001", "W005"],
    }[role]
    assert numbers == expected
    assert page["totalCount"] == len(expected)


def test_a_customer_in_no_level_has_none(ask: Ask) -> None:
    query = '{ customer(id: "%s") { level(ruleSet: "service_tier") { code } segments { since } owner { name } } }'
    assert ask(query % UID.replace("001", "004"))["customer"] == {"level": None, "segments": [], "owner": None}


NEXT = """query ($id: ID!) {
  customer(id: $id) {
    segments { level { code } nextLevel { level missing { feature value wants lacks } } }
    segmentHistory { nodes { level { code } nextLevel { level missing { lacks } } } }
  }
}"""


def test_a_membership_tells_what_lacked_for_the_next_level_by_the_rules_that_decided(ask: Ask) -> None:
    """Nothing where the version kept no types."""
    found = ask(NEXT, id="00000000-0000-5000-8000-000000000002")["customer"]
    missing = {"feature": "revenue_365d", "value": 2, "wants": ">= 400000", "lacks": 399998}
    assert found["segments"] == [
        {"level": {"code": "lost"}, "nextLevel": None},
        {"level": {"code": "professional"}, "nextLevel": {"level": "vip", "missing": [missing]}},
    ]
    history = ask(NEXT, id=UID)["customer"]["segmentHistory"]["nodes"]
    assert [(each["level"]["code"], each["nextLevel"]) for each in history] == [
        ("active", None),
        ("vip", None),
        ("ordinary", {"level": "professional", "missing": [{"lacks": 59999}]}),
    ]


def test_an_unknown_customer_is_null(ask: Ask) -> None:
    assert ask('{ a: customer(id: "nobody") { uid } b: customer(id: "Q3VzdG9tZXI6eA==") { uid } }') == {
        "a": None,
        "b": None,
    }
