"""Who is one customer, asked and decided over GraphQL."""

from typing import Any

import pytest

ERRORS = "userErrors { code path message }"
DECIDED = f"{ERRORS} isDryRun decisions {{ number }} customers {{ name version }} customersNew customersGone"
REFRESH = f"mutation {{ identityQueueRefresh(input: {{least: 0}}) {{ {ERRORS} }} }}"
SUGGESTIONS = """
query($first: Int = 20, $after: String, $customer: String = "") {
  identitySuggestions(least: 0, first: $first, after: $after, customer: $customer) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node {
      code probability
      left { uid name lockedBy record { origin system key customer { uid } } customer { name } }
      right { name record { key } }
      evidence { field left right grade bits }
    } }
  }
}
"""
PAIRS = "{ identitySuggestions(least: 0) { nodes { code left { record { key } } right { record { key } } } } }"
ANSWER = f"""
mutation($input: IdentityAnswerInput!) {{ identityAnswer(input: $input) {{
  {ERRORS} rows {{ decision {{ number kind author reason stands }} }}
}} }}
"""
MERGE = f"mutation($input: CustomerPairInput!) {{ customersMerge(input: $input) {{ {DECIDED} }} }}"
APART = f"mutation($input: CustomerPairInput!) {{ customersTellApart(input: $input) {{ {DECIDED} }} }}"
SPLIT = f"mutation($input: CustomerSplitInput!) {{ customerSplit(input: $input) {{ {DECIDED} }} }}"
LOCK = f"mutation($input: CustomerLockInput!) {{ customerLock(input: $input) {{ {DECIDED} }} }}"
UNDO = f"mutation($input: IdentityUndoInput!) {{ identityUndo(input: $input) {{ {DECIDED} }} }}"
HISTORY = """
query($kind: String, $by: String, $stands: Boolean, $first: Int, $after: String) {
  identityDecisions(kind: $kind, author: $by, stands: $stands, first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage } nodes { number kind left { key } right { key } stands endedBy }
  }
}
"""


def refreshed(office: Any) -> dict[frozenset[str], str]:
    """The queue computed anew: the code of each suggestion by its records' keys."""
    assert office.ask(REFRESH) == {"userErrors": []}
    nodes = office.ask(PAIRS)["nodes"]
    return {frozenset(each[side]["record"]["key"] for side in ("left", "right")): each["code"] for each in nodes}


def names(office: Any) -> list[str]:
    return [each["name"] for each in office.ask("{ customers(first: 50) { nodes { name } } }")["nodes"]]


def test_before_the_first_computation_the_queue_says_so(office_anywhere: Any) -> None:
    state = office_anywhere.ask("{ identityQueue { computedAt isStale suggestions } }")
    assert state == {"computedAt": None, "isStale": True, "suggestions": 0}


def test_a_suggestion_shows_its_evidence_field_by_field(office_anywhere: Any) -> None:
    refreshed(office_anywhere)
    state = office_anywhere.ask("{ identityQueue { computedAt isStale } }")
    assert state == {"computedAt": "2026-02-10T00:00:00+00:00", "isStale": False}
    found = office_anywhere.ask(SUGGESTIONS, customer="C4")
    ((node,), total) = [each["node"] for each in found["edges"]], found["totalCount"]
    assert (total, node["left"]["name"], node["right"]["name"]) == (1, "上海泰亿贸易有限公司", "泰亿商行")
    uid = node["left"]["uid"]
    record = {"origin": "file", "system": "crm", "key": "C4", "customer": {"uid": uid}}
    assert node["left"] == {
        "uid": uid,
        "name": "上海泰亿贸易有限公司",
        "lockedBy": None,
        "record": record,
        "customer": {"name": "上海泰亿贸易有限公司"},
    }
    said = {each["field"]: (each["left"], each["right"], each["grade"]) for each in node["evidence"]}
    assert said["phone"] == ("13912340000", "13912340000", "same")
    assert said["name"] == ("上海泰亿贸易有限公司", "泰亿商行", "different")
    assert {each["field"]: each["bits"] > 0 for each in node["evidence"] if each["bits"]} == {
        "name": False,
        "phone": True,
        "address": True,
    }


def test_pages_of_suggestions_neither_repeat_nor_skip(office_anywhere: Any) -> None:
    refreshed(office_anywhere)
    whole = office_anywhere.ask(SUGGESTIONS)
    codes, after = [], None
    while True:
        page = office_anywhere.ask(SUGGESTIONS, first=2, after=after)
        codes += [each["node"]["code"] for each in page["edges"]]
        assert page["totalCount"] == len(whole["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert codes == [each["node"]["code"] for each in whole["edges"]]
    assert len(set(codes)) == len(codes) > 3
    none = office_anywhere.ask(SUGGESTIONS, first=0)
    assert (none["edges"], none["totalCount"], none["pageInfo"]["hasNextPage"]) == ([], len(codes), True)


def test_answers_are_given_together_and_leave_the_queue(office_anywhere: Any) -> None:
    codes = refreshed(office_anywhere)
    rows = [
        {"code": codes[frozenset({"C4", "F4"})], "answer": "APPROVE", "reason": "same house"},
        {"code": codes[frozenset({"C5", "F5"})], "answer": "DIFFERENT", "reason": "father and son"},
        {"code": codes[frozenset({"C6", "F6"})], "answer": "REJECT", "reason": "cannot tell"},
    ]
    made = office_anywhere.ask(ANSWER, input={"rows": rows})
    assert made["userErrors"] == []
    assert [(each["decision"]["kind"], each["decision"]["author"]) for each in made["rows"]] == [
        ("same", "Li Na"),
        ("different", "Li Na"),
        ("dismissed", "Li Na"),
    ]
    left = {frozenset(each[side]["record"]["key"] for side in ("left", "right")) for each in _pairs(office_anywhere)}
    assert not left & {frozenset({"C4", "F4"}), frozenset({"C5", "F5"}), frozenset({"C6", "F6"})}


def _pairs(office: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = office.ask(PAIRS)["nodes"]
    return nodes


def test_of_answers_one_that_is_wrong_keeps_all_back(office_anywhere: Any) -> None:
    code = refreshed(office_anywhere)[frozenset({"C4", "F4"})]
    before = office_anywhere.content()
    rows = [
        {"code": code, "answer": "APPROVE", "reason": "same house"},
        {"code": code, "answer": "DIFFERENT", "reason": "no"},
        {"code": "1-99999", "answer": "APPROVE", "reason": "x"},
    ]
    refused = office_anywhere.ask(ANSWER, input={"rows": rows})
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [
        ("SAME_CUSTOMER", ["input", "rows", "1", "code"]),
        ("UNKNOWN_SUGGESTION", ["input", "rows", "2", "code"]),
    ]
    assert office_anywhere.content() == before


def test_a_merge_is_undone_as_if_it_had_never_been(office_anywhere: Any) -> None:
    before = names(office_anywhere)
    pair = {"customers": ["C1", "C2"], "reason": "moved"}
    tried = office_anywhere.ask(MERGE, input={**pair, "dryRun": True})
    assert (tried["isDryRun"], tried["decisions"], tried["customersGone"]) == (True, [], 1)
    assert names(office_anywhere) == before
    made = office_anywhere.ask(MERGE, input=pair)
    assert (made["decisions"], made["customersNew"], made["customersGone"]) == ([{"number": 1}], 0, 1)
    assert [each["name"] for each in made["customers"]] in (["Alpha Ltd"], ["Beta Ltd"])
    assert len(names(office_anywhere)) == len(before) - 1
    undone = office_anywhere.ask(UNDO, input={"numbers": [1], "reason": "mistake"})
    assert (undone["decisions"], undone["customersNew"], undone["customersGone"]) == ([{"number": 1}], 1, 0)
    assert names(office_anywhere) == before


def test_a_merge_sent_twice_under_a_key_is_one(office: Any) -> None:
    pair = {"customers": ["C1", "C2"], "reason": "moved", "idempotencyKey": "m1"}
    first = office.ask(MERGE, input=pair)
    after = office.content()
    assert (office.ask(MERGE, input=pair), office.content()) == (first, after)


def test_a_merge_decided_on_an_older_state_is_refused(office: Any) -> None:
    listed = "{ customers { nodes { name version } } }"
    versions = {each["name"]: each["version"] for each in office.ask(listed)["nodes"]}
    pair = {"customers": ["C1", "C2"], "reason": "moved"}
    before = office.content()
    stale = [versions["Alpha Ltd"], versions["Alpha Ltd"]]
    refused = office.ask(MERGE, input={**pair, "expectedVersions": stale})
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [
        ("STALE_VERSION", ["input", "expectedVersions", "1"])
    ]
    assert office.content() == before
    fresh = [versions["Alpha Ltd"], versions["Beta Ltd"]]
    assert office.ask(MERGE, input={**pair, "expectedVersions": fresh})["userErrors"] == []


@pytest.mark.parametrize(
    ("_case", "mutation", "given", "code", "path"),
    [
        ("an unknown customer", MERGE, {"customers": ["C1", "C9"]}, "UNKNOWN_CUSTOMER", ["input", "customers"]),
        ("one customer", MERGE, {"customers": ["C1"]}, "ROW_COUNT", ["input", "customers"]),
        ("three customers", MERGE, {"customers": ["C1", "C2", "C3"]}, "ROW_COUNT", ["input", "customers"]),
        (
            "two customers of no version",
            MERGE,
            {"customers": ["C1", "C2"], "expectedVersions": []},
            "ROW_COUNT",
            ["input", "expectedVersions"],
        ),
        ("itself", APART, {"customers": ["C1", "C1"]}, "SAME_CUSTOMER", ["input", "customers"]),
        ("no reason", MERGE, {"customers": ["C1", "C2"], "reason": " "}, "NO_REASON", ["input", "reason"]),
        ("a foreign record", SPLIT, {"customer": "C1", "record": "crm:C2"}, "UNKNOWN_RECORD", ["input", "record"]),
        ("the only record", SPLIT, {"customer": "C3", "record": "crm:C3"}, "ONLY_RECORD", ["input", "record"]),
        ("an unknown decision", UNDO, {"numbers": [7]}, "UNKNOWN_DECISION", ["input", "numbers"]),
        ("no decision", UNDO, {}, "NO_DECISION", ["input", "numbers"]),
        ("a time without a zone", UNDO, {"since": "2026-01-01T00:00:00"}, "INSTANT", ["input", "since"]),
        ("nobody to lock", LOCK, {"customer": "C9"}, "UNKNOWN_CUSTOMER", ["input", "customer"]),
    ],
)
def test_a_decision_is_refused_about(
    office: Any, _case: str, mutation: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    before = office.content()
    refused = office.ask(mutation, input={"reason": "x", **given})
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [(code, path)]
    assert (refused["decisions"], refused["customers"], office.content()) == ([], [], before)


def test_a_locked_customer_stays_as_it_is(office: Any) -> None:
    locked = office.ask(LOCK, input={"customer": "C1", "reason": "audited"})
    assert (locked["userErrors"], locked["decisions"]) == ([], [{"number": 1}])
    refused = office.ask(MERGE, input={"customers": ["C1", "C2"], "reason": "moved"})
    assert [each["code"] for each in refused["userErrors"]] == ["LOCKED"]
    office.ask(UNDO, input={"numbers": [1], "reason": "audit is over"})
    assert office.ask(MERGE, input={"customers": ["C1", "C2"], "reason": "moved"})["userErrors"] == []


def test_history_pages_from_the_newest_and_filters(office: Any) -> None:
    office.ask(APART, input={"customers": ["C1", "C2"], "reason": "two firms"})
    office.ask(MERGE, author="Zhang Wei", input={"customers": ["C1", "C3"], "reason": "one firm"})
    office.ask(LOCK, input={"customer": "C4", "reason": "audited"})
    office.ask(UNDO, input={"by": "Zhang Wei", "reason": "he left"})
    page = office.ask(HISTORY, first=2)
    assert (page["totalCount"], [each["number"] for each in page["nodes"]]) == (3, [3, 2])
    rest = office.ask(HISTORY, first=2, after=page["pageInfo"]["endCursor"])
    apart = {"number": 1, "kind": "different", "left": {"key": "C1"}, "right": {"key": "C2"}}
    assert rest["nodes"] == [{**apart, "stands": True, "endedBy": None}]
    assert [each["number"] for each in office.ask(HISTORY, stands=True)["nodes"]] == [3, 1]
    assert [each["number"] for each in office.ask(HISTORY, by="Zhang Wei")["nodes"]] == [2]
    assert [each["endedBy"] for each in office.ask(HISTORY, kind="same", stands=False)["nodes"]] == ["Li Na"]


def test_a_contested_key_tells_who_bears_it_and_what_stands_against_it(office_anywhere: Any) -> None:
    refreshed(office_anywhere)
    (key,) = office_anywhere.ask(
        "{ contestedKeys { rule because most held advice bearers { customerName record { key customer { uid } } } } }"
    )
    assert (key["rule"], key["because"], key["most"]) == ("phone_and_name", "tax_code", 1)
    assert key["held"] == ["91310000MA1FL1X77F", "91350100M000100Y43"]
    assert {each["record"]["key"] for each in key["bearers"]} == {"C6", "F6", "T1"}
    assert office_anywhere.ask("{ contestedKeys(skip: 1) { rule } }") == []


@pytest.mark.parametrize(
    ("_case", "query", "message"),
    [
        ("an unknown kind", '{ identityDecisions(kind: "sam") { totalCount } }', "did you mean 'same'?"),
        ("nobody's suggestions", '{ identitySuggestions(customer: "C9") { totalCount } }', "nobody is known by 'C9'"),
        ("a foreign cursor", '{ identitySuggestions(after: "x") { totalCount } }', "no cursor of this list"),
        ("a negative skip", "{ contestedKeys(skip: -1) { rule } }", "out of range"),
        ("too long a page", "{ contestedKeys(first: 201) { rule } }", "out of range"),
    ],
)
def test_a_question_is_refused_about(office: Any, _case: str, query: str, message: str) -> None:
    (error,) = office.send(query)["errors"]
    assert (error["extensions"]["code"], message in error["message"]) == ("BAD_USER_INPUT", True), error


def test_without_a_workspace_nobody_reviews(client: Any) -> None:
    answer = client.post("/graphql", json={"query": "{ identityQueue { suggestions } }"}).json()
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["NO_WORKSPACE"]
