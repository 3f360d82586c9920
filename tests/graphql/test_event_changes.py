"""Complaints and visits noted over GraphQL."""

from typing import Any

import pytest

from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment

ERRORS = "userErrors { code path message }"
COMPLAINT = "number severity openedAt respondedAt resolvedAt outcome handler { name } customer { name }"
RECORD = f"""
mutation($input: ComplaintRecordInput!) {{ complaintRecord(input: $input) {{
  {ERRORS} complaint {{ id {COMPLAINT} }}
}} }}
"""
SETTLE = f"""
mutation($input: ComplaintSettleInput!) {{ complaintSettle(input: $input) {{
  {ERRORS} complaint {{ {COMPLAINT} }}
}} }}
"""
MERGE = """
mutation($input: CustomerPairInput!) {
  customersMerge(input: $input) { customers { name complaints { nodes { number } } } }
}
"""
HOLD = f"""
mutation($input: VisitHoldInput!) {{ visitHold(input: $input) {{ {ERRORS} visit {{
  number purpose heldAt outcome nextDueAt staff {{ name }} satisfaction {{ dimension score }} customer {{ name }}
}} }} }}
"""
QUEUE = "{ complaintsByRank { nodes { isEmergency complaint { number } } } }"
DAMAGE = {"customer": "C1", "category": "damage", "severity": "emergency", "handler": "E3"}


def planned(office: Any) -> str:
    """The id of the visit that is planned."""
    found = office.ask("{ customers(first: 50) { nodes { visits { nodes { id number } } } } }")["nodes"]
    (visit,) = [each for customer in found for each in customer["visits"]["nodes"]]
    return str(visit["id"])


def test_a_complaint_is_in_the_queue_at_once(office_anywhere: Any) -> None:
    made = office_anywhere.ask(RECORD, input=DAMAGE)
    number = made["complaint"]["number"]
    assert made["userErrors"] == []
    assert made["complaint"] == {
        "id": made["complaint"]["id"],
        "number": number,
        "severity": "emergency",
        "openedAt": "2026-02-10T00:00:00+00:00",
        "respondedAt": None,
        "resolvedAt": None,
        "outcome": None,
        "handler": {"name": "Chen Jing"},
        "customer": {"name": "Alpha Ltd"},
    }
    assert office_anywhere.ask(QUEUE)["nodes"] == [{"isEmergency": True, "complaint": {"number": number}}]


def test_it_leaves_the_queue_when_it_is_settled(office_anywhere: Any) -> None:
    taken = office_anywhere.ask(RECORD, input={**DAMAGE, "openedAt": "2026-02-09T08:00:00+08:00"})["complaint"]
    given = {"id": taken["id"], "resolvedAt": "2026-02-09T12:00:00Z", "outcome": "replaced", "handler": "E1"}
    settled = office_anywhere.ask(SETTLE, input=given)
    assert settled["userErrors"] == []
    after = settled["complaint"]
    assert (after["openedAt"], after["resolvedAt"]) == ("2026-02-09T00:00:00+00:00", "2026-02-09T12:00:00+00:00")
    assert (after["outcome"], after["handler"]) == ("replaced", {"name": "Li Na"})
    assert office_anywhere.ask(QUEUE)["nodes"] == []


def test_what_was_noted_outlives_a_load_and_moves_with_a_merge(office: Any) -> None:
    taken = office.ask(RECORD, input=DAMAGE)["complaint"]["number"]
    crm = office.workspace.root / "data" / "crm.csv"
    crm.write_text(crm.read_text(encoding="utf-8") + "C7,Delta Ltd,,,,,E1\n", encoding="utf-8")
    load(office.workspace, office.engine, [], clock=office.clock, progress=lambda _what, _rows: None)
    resegment(office.workspace, office.engine, None, clock=office.clock, progress=lambda _what, _rows: None)
    made = office.ask(MERGE, input={"customers": ["C1", "C7"], "reason": "moved"})
    assert [each["complaints"]["nodes"] for each in made["customers"]] == [[{"number": taken}]]


def test_a_dry_run_of_a_complaint_keeps_nothing(office: Any) -> None:
    before = office.content()
    assert office.ask(RECORD, input={**DAMAGE, "dryRun": True}) == {"userErrors": [], "complaint": None}
    assert office.content() == before


def test_a_planned_visit_is_held(office_anywhere: Any) -> None:
    scores = [{"dimension": "timeliness", "score": 5}, {"dimension": "delivery", "score": 2}]
    given = {"id": planned(office_anywhere), "staff": "E2", "outcome": "content", "scores": scores}
    made = office_anywhere.ask(HOLD, input={**given, "nextDueAt": "2026-05-01T00:00:00Z"})
    assert made == {
        "userErrors": [],
        "visit": {
            "number": "V1",
            "purpose": "call-back",
            "heldAt": "2026-02-10T00:00:00+00:00",
            "outcome": "content",
            "nextDueAt": "2026-05-01T00:00:00+00:00",
            "staff": {"name": "Zhang Wei"},
            "satisfaction": scores,
            "customer": {"name": "Alpha Ltd"},
        },
    }
    (again,) = office_anywhere.ask(HOLD, input=given)["userErrors"]
    assert again["code"] == "HELD_VISIT"


def test_a_visit_that_nobody_planned_is_noted(office_anywhere: Any) -> None:
    made = office_anywhere.ask(HOLD, input={"customer": "C3", "heldAt": "2026-02-08T01:00:00Z", "purpose": "site"})
    assert (made["userErrors"], made["visit"]["customer"]) == ([], {"name": "Gamma Ltd"})
    seen = office_anywhere.ask('{ customerByIdentifier(value: "C3") { firstSeenAt lastSeenAt } }')
    assert seen == {"firstSeenAt": "2026-02-08T01:00:00+00:00", "lastSeenAt": "2026-02-08T01:00:00+00:00"}


@pytest.mark.parametrize(
    ("_case", "mutation", "given", "code", "path"),
    [
        ("nobody", RECORD, {**DAMAGE, "customer": "C9"}, "UNKNOWN_CUSTOMER", ["customer"]),
        ("no severity", RECORD, {**DAMAGE, "severity": "hihg"}, "BAD_WORD", ["severity"]),
        ("no employee", RECORD, {**DAMAGE, "handler": "E9"}, "UNKNOWN_EMPLOYEE", ["handler"]),
        ("tomorrow", RECORD, {**DAMAGE, "openedAt": "2026-02-10T00:00:01Z"}, "IN_THE_FUTURE", ["openedAt"]),
        ("a time without a zone", RECORD, {**DAMAGE, "openedAt": "2026-02-09T00:00:00"}, "INSTANT", ["openedAt"]),
        ("no text", RECORD, {**DAMAGE, "category": "a\0b"}, "NO_TEXT", ["category"]),
        ("a book", RECORD, {**DAMAGE, "category": "x" * 10_001}, "NO_TEXT", ["category"]),
        ("no complaint", SETTLE, {"id": "99", "outcome": "x"}, "UNKNOWN_COMPLAINT", ["id"]),
        ("no complaint's id", SETTLE, {"id": "x", "outcome": "x"}, "BAD_ID", ["id"]),
        ("no visit", HOLD, {"id": "99"}, "UNKNOWN_VISIT", ["id"]),
        ("neither visit nor customer", HOLD, {}, "WHICH_VISIT", []),
        ("both", HOLD, {"id": "99", "customer": "C1"}, "WHICH_VISIT", []),
        (
            "a score of 6",
            HOLD,
            {"customer": "C1", "scores": [{"dimension": "delivery", "score": 6}]},
            "BAD_SCORE",
            ["scores"],
        ),
        (
            "no dimension",
            HOLD,
            {"customer": "C1", "scores": [{"dimension": "weather", "score": 3}]},
            "BAD_WORD",
            ["scores", "0", "dimension"],
        ),
        (
            "a dimension twice",
            HOLD,
            {"customer": "C1", "scores": [{"dimension": "delivery", "score": score} for score in (5, 1)]},
            "SCORED_TWICE",
            ["scores", "1", "dimension"],
        ),
    ],
)
def test_a_note_is_refused_about(
    office: Any, _case: str, mutation: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    before = office.content()
    errors = office.ask(mutation, input=given)["userErrors"]
    assert [(each["code"], each["path"]) for each in errors] == [(code, ["input", *path])]
    assert office.content() == before


def test_a_complaint_cannot_end_before_it_began(office: Any) -> None:
    taken = office.ask(RECORD, input=DAMAGE)["complaint"]["id"]
    (error,) = office.ask(SETTLE, input={"id": taken, "resolvedAt": "2026-02-09T00:00:00Z"})["userErrors"]
    assert (error["code"], error["path"]) == ("BEFORE_ITS_BEGIN", ["input", "resolvedAt"])
    (error,) = office.ask(SETTLE, input={"id": taken, "outcome": " "})["userErrors"]
    assert error["code"] == "NOTHING_NOTED"


def test_a_complaint_that_somebody_settled_meanwhile_is_not_settled_again_unseen(office: Any) -> None:
    made = office.ask(RECORD.replace("{ id ", "{ id version "), input=DAMAGE)["complaint"]
    settled = {"id": made["id"], "outcome": "replaced", "expectedVersion": made["version"]}
    assert office.ask(SETTLE, input=settled)["userErrors"] == []
    before = office.content()
    (error,) = office.ask(SETTLE, input={**settled, "outcome": "paid"})["userErrors"]
    assert (error["code"], error["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])
    assert office.content() == before


def test_a_visit_is_held_as_it_was_planned_when_that_was_read(office: Any) -> None:
    given = {"id": planned(office), "outcome": "content"}
    before = office.content()
    (error,) = office.ask(HOLD, input={**given, "expectedVersion": "0"})["userErrors"]
    assert (error["code"], error["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])
    (error,) = office.ask(HOLD, input={"customer": "C1", "expectedVersion": "0"})["userErrors"]
    assert (error["code"], error["path"]) == ("WHICH_VISIT", ["input", "expectedVersion"])
    assert office.content() == before
    found = office.ask('{ customerByIdentifier(value: "C1") { visits { nodes { version } } } }')
    (version,) = [each["version"] for each in found["visits"]["nodes"]]
    assert office.ask(HOLD, input={**given, "expectedVersion": version})["userErrors"] == []
