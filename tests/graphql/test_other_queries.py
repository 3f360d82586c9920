"""Rule sets, queues, runs, people, loading, nodes."""

from collections.abc import Callable
from typing import Any

import pytest

from kehu_graphql.roots.fetching import FETCHERS
from kehu_graphql.schema import build_schema

Ask = Callable[..., dict[str, Any]]


def _uid(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


def test_rule_sets_come_in_the_order_of_the_directory_with_their_counts(ask: Ask) -> None:
    found = ask("{ ruleSets { code kind label(locale: ZH) version levels { code members } warnings { code } } }")
    assert found["ruleSets"] == [
        {
            "code": "lifecycle",
            "kind": "tier",
            "label": "生命周期",
            "version": "d3",
            "levels": [{"code": code, "members": 0} for code in ("active", "lost", "potential")],
            "warnings": [],
        },
        {
            "code": "service_tier",
            "kind": "tier",
            "label": "服务等级",
            "version": "d2",
            "levels": [
                {"code": "vip", "members": 1},
                {"code": "professional", "members": 1},
                {"code": "ordinary", "members": 9},
            ],
            "warnings": [],
        },
        {
            "code": "churn_warning",
            "kind": "warning",
            "label": "流失预警",
            "version": "d4",
            "levels": [],
            "warnings": [{"code": "volume_collapse"}, {"code": "long_silence"}],
        },
    ]


def test_one_rule_set_shows_its_source_and_its_signs(ask: Ask) -> None:
    query = """{ ruleSet(code: "churn_warning") {
      description path source warnings { code label(locale: ZH) when severity route reason } } }"""
    found = ask(query)["ruleSet"]
    assert (found["description"], found["path"], found["source"]) == (
        None,
        "rules/churn_warning.yaml",
        "ruleset: churn_warning",
    )
    assert found["warnings"][0] == {
        "code": "volume_collapse",
        "label": "货量骤降",
        "when": "shipments_90d < 0.4 * shipments_prev_90d",
        "severity": "high",
        "route": ["account_management", "customer_service"],
        "reason": "shipments fell from {shipments_prev_90d} to {shipments_90d}",
    }


@pytest.mark.parametrize(
    ("_case", "where", "expected"),
    [
        ("all, the gravest first, then the newest", {}, [10, 30, 20]),
        ("a department's", {"route": "customer_service"}, [10]),
        ("a department whose code is part of another", {"route": "service"}, []),
        ("a severity", {"severity": "medium"}, [30, 20]),
        ("a sign", {"code": "volume_collapse"}, [10]),
        ("a rule set", {"ruleSet": "churn_warning"}, [10, 30, 20]),
        ("an account manager's", {"owner": "E002"}, [10, 30, 20]),
        ("another's", {"owner": "E001"}, []),
    ],
)
def test_open_warnings_are_queued(ask: Ask, _case: str, where: dict[str, str], expected: list[int]) -> None:
    query = """query($where: WarningWhere, $after: String) {
      warnings(where: $where, first: 2, after: $after) { totalCount nodes { reason } pageInfo { endCursor } } }"""
    page = ask(query, where=where)["warnings"]
    assert page["totalCount"] == len(expected)
    reasons = page["nodes"] + ask(query, where=where, after=page["pageInfo"]["endCursor"])["warnings"]["nodes"]
    if len(expected) < 2:
        reasons = page["nodes"]
    assert [int(node["reason"].split()[3]) for node in reasons] == expected


def test_a_warning_carries_its_facts(ask: Ask) -> None:
    query = """{ warnings(first: 1) { nodes {
      ruleSetCode code label(locale: ZH) severity reason route firedAt state outcome isOpen
      reasons { when features { name value } } customer { uid } run { number } } } }"""
    assert ask(query)["warnings"]["nodes"] == [
        {
            "ruleSetCode": "churn_warning",
            "code": "volume_collapse",
            "label": "货量骤降",
            "severity": "high",
            "reason": "shipments fell from 10 to 1",
            "route": ["account_management", "customer_service"],
            "firedAt": "2026-02-01T00:00:00+00:00",
            "state": "open",
            "outcome": None,
            "isOpen": True,
            "reasons": {
                "when": "shipments_90d < 0.4 * shipments_prev_90d",
                "features": [{"name": "shipments_90d", "value": 1}],
            },
            "customer": {"uid": _uid(2)},
            "run": {"number": 2},
        }
    ]


def test_complaints_are_queued_by_rank(ask: Ask) -> None:
    query = """query($after: String) { complaintsByRank(first: 4, after: $after) {
      totalCount
      nodes { complaint { number customer { uid } } level { code } responseDueAt isOverdue isEmergency }
      pageInfo { hasNextPage endCursor } } }"""
    page = ask(query)["complaintsByRank"]
    rest = ask(query, after=page["pageInfo"]["endCursor"])["complaintsByRank"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (6, True, False)
    assert [node["complaint"]["number"] for node in page["nodes"] + rest["nodes"]] == [
        "Q3",
        "Q1",
        "Q7",
        "Q2",
        "Q4",
        "Q5",
    ]
    assert page["nodes"][1] == {
        "complaint": {"number": "Q1", "customer": {"uid": _uid(1)}},
        "level": {"code": "vip"},
        "responseDueAt": "2026-02-01T09:00:00+00:00",
        "isOverdue": True,
        "isEmergency": False,
    }


def test_visits_are_due_by_the_clock_or_an_instant(ask: Ask) -> None:
    query = """query($asOf: DateTime, $within: String) { visitsDue(asOf: $asOf, within: $within) {
      totalCount nodes { customer { uid } dueAt isOverdue lastHeldAt } } }"""
    by_clock = ask(query)["visitsDue"]
    assert by_clock == ask(query, asOf="2026-02-10T08:00:00+08:00")["visitsDue"]
    assert by_clock["nodes"][0] == {
        "customer": {"uid": _uid(1)},
        "dueAt": "2026-01-20T00:00:00+00:00",
        "isOverdue": True,
        "lastHeldAt": "2026-01-12T00:00:00+00:00",
    }
    later = ask(query, within="2 weeks")["visitsDue"]
    assert (by_clock["totalCount"], later["totalCount"]) == (3, 4)
    assert later["nodes"][-1]["customer"] == {"uid": _uid(2)}


@pytest.mark.parametrize(
    ("_case", "query", "message"),
    [
        (
            "a duration that is none",
            '{ visitsDue(within: "soon") { totalCount } }',
            "within: 'soon' is no duration; write a whole number and minutes, hours, days or weeks: '30 days'",
        ),
        (
            "an instant without a zone",
            '{ visitsDue(asOf: "2026-01-01T00:00:00") { totalCount } }',
            "'asOf: 2026-01-01T00:00:00' has no time zone; write it as '2026-01-01T00:00:00Z'",
        ),
        (
            "an unknown severity",
            '{ warnings(where: {severity: "hihg"}) { totalCount } }',
            "unknown severity 'hihg'; did you mean 'high'?",
        ),
        (
            "an unknown rule set",
            '{ warnings(where: {ruleSet: "churn"}) { totalCount } }',
            "unknown rule set 'churn'; choose one of churn_warning, lifecycle, service_tier",
        ),
        (
            "an unknown rule set by code",
            '{ ruleSet(code: "tier") { code } }',
            "unknown rule set 'tier'; choose one of churn_warning, lifecycle, service_tier",
        ),
        (
            "an unknown rule set of a customer",
            '{ customer(id: "former-uid") { level(ruleSet: "life_cycle") { code } } }',
            "unknown rule set 'life_cycle'; did you mean 'lifecycle'?",
        ),
    ],
)
def test_bad_arguments_of_queues_say_what_to_do(refused: Ask, _case: str, query: str, message: str) -> None:
    error = refused(query)
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")


def test_runs_are_listed_newest_first(ask: Ask) -> None:
    query = """query($after: String) { runs(first: 2, after: $after) {
      totalCount nodes { number state isCurrent asOf customers error counts } pageInfo { endCursor } }
      publishedRun { number } run(id: 3) { state } none: run(id: 99) { state } }"""
    found = ask(query)
    rest = ask(query, after=found["runs"]["pageInfo"]["endCursor"])["runs"]
    assert [node["number"] for node in found["runs"]["nodes"] + rest["nodes"]] == [3, 2, 1]
    assert (found["publishedRun"], found["run"], found["none"]) == ({"number": 2}, {"state": "failed"}, None)
    assert found["runs"]["nodes"][1] == {
        "number": 2,
        "state": "published",
        "isCurrent": True,
        "asOf": "2026-02-01T00:00:00+00:00",
        "customers": 12,
        "error": None,
        "counts": {"service_tier": {"vip": 1}},
    }


def test_loading_is_accounted_for(ask: Ask) -> None:
    found = ask("""{
      sources { source batches read loaded unchanged quarantined refused lastFinishedAt }
      quarantine(source: "crm") { totalCount nodes { line column value reason row } }
      shipmentStatistics { shipments withBothDates onTime onTimeRate } }""")
    assert found["sources"][0] == {
        "source": "crm",
        "batches": "2",
        "read": "28",
        "loaded": "12",
        "unchanged": "13",
        "quarantined": "3",
        "refused": "0",
        "lastFinishedAt": "2026-02-01T01:00:00+00:00",
    }
    assert found["quarantine"] == {
        "totalCount": 2,
        "nodes": [
            {"line": "9", "column": None, "value": None, "reason": "has 3 columns, not 4", "row": "9;;"},
            {"line": "7", "column": "phone", "value": "n/a", "reason": "is no phone", "row": "7;n/a"},
        ],
    }
    assert found["shipmentStatistics"] == {
        "shipments": "7",
        "withBothDates": "3",
        "onTime": "2",
        "onTimeRate": 2 / 3,
    }


@pytest.mark.parametrize(
    ("_case", "number", "found"),
    [
        ("as printed", "W002", {"number": "W002", "payer": {"uid": _uid(2)}}),
        ("copied with blanks", " W002\t", {"number": "W002", "payer": {"uid": _uid(2)}}),
        ("in another case", "w002", None),
        ("unknown", "W999", None),
        ("empty", "", None),
    ],
)
def test_a_shipment_is_found_by_its_number(ask: Ask, _case: str, number: str, found: dict[str, Any] | None) -> None:
    query = "query Q($number: String!) { shipmentByNumber(number: $number) { number payer { uid } } }"
    assert ask(query, number=number)["shipmentByNumber"] == found


def test_employees_are_listed_by_number(ask: Ask) -> None:
    found = ask("""{
      employees(first: 2) { totalCount nodes { number customersOwned } pageInfo { endCursor hasNextPage } }
      sales: employees(department: "Sales") { nodes { name department { name } } }
      employee(number: "E003") { isActive department { name } customersOwned } }""")
    assert [node["number"] for node in found["employees"]["nodes"]] == ["E001", "E002"]
    assert (found["employees"]["totalCount"], found["employees"]["pageInfo"]["hasNextPage"]) == (3, True)
    assert found["sales"] == {"nodes": [{"name": "Li Na", "department": {"name": "Sales"}}]}
    assert found["employee"] == {"isActive": False, "department": None, "customersOwned": 6}


NODES = """{
  customers(first: 1) { nodes { id } }
  customer(id: "former-uid") {
    owner { id department { id } } contacts(first: 1) { nodes { id } } identifiers(first: 1) { nodes { id } }
    shipments(first: 1) { nodes { id } } complaints(first: 1) { nodes { id } } visits(first: 1) { nodes { id } }
    segments { id level { id } ruleSet { id } } segmentHistory(first: 3) { nodes { id level { id } ruleSet { id } } }
    sourceRecords(first: 1) { nodes { id } } warnings(includeCleared: true) { nodes { id } } overrides { id } }
  runs(first: 1) { nodes { id } } quarantine(first: 1) { nodes { id } } ruleSets { id levels { id } }
  identityDecisions(first: 1) { nodes { id left { customer { id } } } }
}"""


def test_every_node_can_be_fetched_again_by_its_id(ask: Ask) -> None:
    ids = sorted(_ids(ask(NODES)))
    found = ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)["nodes"]
    assert [node["id"] for node in found] == ids
    assert {node["__typename"] for node in found} == set(FETCHERS)


def test_every_type_that_is_a_node_can_be_fetched() -> None:
    schema = build_schema().core
    interface = schema.get_type("Node")
    nodes = {kind.name for kind in schema.get_possible_types(interface)}  # type: ignore[arg-type]
    assert nodes == set(FETCHERS)


@pytest.mark.parametrize("node_id", ["", "!", "Customer:1", "Q3VzdG9tZXI6eA==", "UnVuOjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="])
def test_an_id_of_nothing_is_null(ask: Ask, node_id: str) -> None:
    assert ask("query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", id=node_id) == {
        "node": None,
        "nodes": [None],
    }


def _ids(data: object) -> set[str]:
    if isinstance(data, list):
        return set().union(*map(_ids, data)) if data else set()
    if isinstance(data, dict):
        own = {data["id"]} if "id" in data else set()
        return own.union(*map(_ids, data.values()))
    return set()
