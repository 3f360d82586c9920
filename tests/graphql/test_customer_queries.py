"""Lists of customers: conditions, orders, pages."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

Ask = Callable[..., dict[str, Any]]
BY_NAME = [2, 7, 8, 9, 10, 11, 12, 4, 3, 6, 1, 5]
EARLY, LATE = "2025-12-31T23:59:59Z", "2026-02-01T00:00:00Z"
QUERY = """
query($where: CustomerWhere, $orderBy: [CustomerOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  customers(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    nodes { uid }
    edges { cursor node { uid } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
# A cursor of customers by name, its name and id null.
NULLS = "WyJjdXN0b21lcnM6bmFtZSxpZCIsbnVsbCxudWxsXQ=="


def _numbers(page: dict[str, Any]) -> list[int]:
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    return [int(node["uid"][-12:]) for node in page["nodes"]]


@pytest.mark.parametrize(
    ("_case", "where", "expected"),
    [
        ("nothing asked", {}, BY_NAME),
        ("a level", {"level": {"ruleSet": "service_tier", "code": {"eq": "vip"}}}, [1]),
        ("levels", {"level": {"ruleSet": "service_tier", "code": {"in": ["vip", "professional"]}}}, [2, 1]),
        ("no level named: any", {"level": {"ruleSet": "lifecycle"}}, [2, 1]),
        ("in none of its levels", {"level": {"ruleSet": "service_tier", "code": {"isNull": True}}}, [4]),
        ("in some of its levels", {"level": {"ruleSet": "lifecycle", "code": {"isNull": False}}}, [2, 1]),
        ("not this level", {"level": {"ruleSet": "service_tier", "code": {"ne": "ordinary"}}}, [2, 4, 1]),
        ("an owner", {"owner": {"number": {"eq": "E002"}}}, [2, 3, 5]),
        ("another owner or none", {"owner": {"number": {"ne": "E003"}}}, [2, 4, 3, 6, 1, 5]),
        ("no owner", {"owner": {"number": {"isNull": True}}}, [4]),
        ("owners", {"owner": {"number": {"in": ["E001", "E002"]}}}, [2, 3, 6, 1, 5]),
        ("none of the owners", {"owner": {"number": {"notIn": ["E001", "E002", "E003"]}}}, [4]),
        ("a region", {"region": {"eq": "上海"}}, [3, 1]),
        ("not a region: unknown ones too", {"region": {"ne": "广东"}}, [2, 4, 3, 1, 5]),
        ("regions", {"region": {"in": ["上海", "北京"]}}, [2, 3, 1, 5]),
        ("no region of an empty list", {"region": {"in": []}}, []),
        ("every region of an empty list", {"region": {"notIn": []}}, BY_NAME),
        ("unknown region", {"region": {"isNull": True}}, [4]),
        ("a kind", {"kind": {"eq": "person"}}, [5]),
        ("text in Chinese", {"text": "宏远"}, [1]),
        ("text in traditional characters", {"text": "宏遠"}, [1]),
        ("text in another case", {"text": "BETA log"}, [2]),
        ("text in full width", {"text": "Ｂｅｔａ"}, [2]),
        ("accents count", {"text": "ärger"}, [6]),
        ("a percent sign is a percent sign", {"text": "%"}, [3]),
        ("an underscore is an underscore", {"text": "_"}, [4]),
        ("a backslash is a backslash", {"text": "\\"}, []),
        ("a warning is open", {"hasWarning": True}, [2, 3]),
        ("no warning is open", {"hasWarning": False}, [7, 8, 9, 10, 11, 12, 4, 6, 1, 5]),
        ("seen since", {"lastSeenAt": {"gte": "2026-03-10T00:00:00Z"}}, [2, 6, 1]),
        ("seen after", {"lastSeenAt": {"gt": "2026-03-10T00:00:00Z"}}, [2, 6]),
        ("seen before", {"lastSeenAt": {"lt": "2026-03-01T00:00:00Z"}}, [5]),
        ("seen until", {"lastSeenAt": {"lte": "2026-03-01T00:00:00Z"}}, [3, 5]),
        ("never seen", {"lastSeenAt": {"isNull": True}, "firstSeenAt": {"isNull": True}}, [12]),
        ("several must all hold", {"region": {"eq": "广东"}, "owner": {"number": {"eq": "E001"}}}, [6]),
        ("one of", {"or": [{"kind": {"eq": "person"}}, {"region": {"eq": "上海"}}]}, [3, 1, 5]),
        ("one of nothing", {"or": []}, []),
        ("all of", {"and": [{"hasWarning": True}, {"region": {"eq": "上海"}}]}, [3]),
        ("not", {"not": {"or": [{"region": {"eq": "广东"}}, {"kind": {"eq": "person"}}]}}, [2, 4, 3, 1]),
        ("has a shipment", {"shipments": {"some": {}}}, [2, 3, 1]),
        ("has no complaint", {"complaints": {"none": {}}}, [7, 8, 9, 10, 11, 12, 6, 5]),
        ("a shipment under way", {"shipments": {"some": {"number": {"eq": "W003"}}}}, [2, 1]),
        ("sent it", {"shipments": {"role": "SHIPPER", "some": {"number": {"eq": "W003"}}}}, [2]),
        ("received it", {"shipments": {"role": "CONSIGNEE", "some": {"number": {"eq": "W003"}}}}, [1]),
        ("paid for none", {"shipments": {"role": "PAYER", "none": {}}}, [7, 8, 9, 10, 11, 12, 4, 6, 5]),
        ("any part, as without a word", {"shipments": {"role": "ANY", "some": {"number": {"eq": "W003"}}}}, [2, 1]),
        (
            "no shipment lately",
            {"shipments": {"none": {"at": {"gte": "2026-02-01T00:00:00Z"}}}},
            [2, *BY_NAME[1:8], 6, 5],
        ),
        (
            "one row that meets all of it",
            {"complaints": {"some": {"severity": {"eq": "low"}, "openedAt": {"gt": "2026-03-01T00:00:00Z"}}}},
            [1],
        ),
        ("an open complaint", {"complaints": {"some": {"resolvedAt": {"isNull": True}}}}, [2, 4, 3, 1]),
        ("a visit planned and none held", {"visits": {"some": {}, "none": {"heldAt": {"isNull": False}}}}, [4, 3]),
        ("a part of the name, upper and lower case apart", {"name": {"contains": "a"}}, [2, 4, 3]),
        ("a part is no pattern", {"name": {"contains": "%"}}, [3]),
        ("the beginning of the name", {"name": {"startsWith": "Customer 1"}}, [10, 11, 12]),
        ("the beginning in Chinese", {"name": {"startsWith": "上海"}, "region": {"contains": "海"}}, [1]),
        ("everything known begins with nothing", {"region": {"startsWith": ""}}, [n for n in BY_NAME if n != 4]),
        (
            "the beginning of the owner's number",
            {"owner": {"number": {"startsWith": "E00", "contains": "2"}}},
            [2, 3, 5],
        ),
        (
            "levels by a part of their code",
            {"level": {"ruleSet": "service_tier", "code": {"contains": "o"}}},
            [2, *BY_NAME[1:7], 3, 6, 5],
        ),
        ("levels whose code begins so", {"level": {"ruleSet": "service_tier", "code": {"startsWith": "v"}}}, [1]),
        (
            "a level as it counted before",
            {"level": {"ruleSet": "service_tier", "code": {"eq": "ordinary"}, "asOf": "2026-01-31T23:59:59Z"}},
            [*BY_NAME[1:7], 3, 6, 1, 5],
        ),
        (
            "a level left since",
            {
                "level": {"ruleSet": "service_tier", "code": {"eq": "vip"}},
                "not": {"level": {"ruleSet": "service_tier", "code": {"eq": "vip"}, "asOf": "2026-01-31T00:00:00Z"}},
            },
            [1],
        ),
        (
            "a level that counts since",
            {"level": {"ruleSet": "service_tier", "code": {"in": ["vip"]}, "asOf": LATE}},
            [1],
        ),
        ("in no level before the first run", {"level": {"ruleSet": "service_tier", "asOf": EARLY}}, []),
        ("all were in none", {"level": {"ruleSet": "lifecycle", "code": {"isNull": True}, "asOf": EARLY}}, BY_NAME),
        ("never asked for consent", {"consent": {"isNull": True, "ne": True}}, BY_NAME),
        ("agreed", {"consent": {"eq": True}}, []),
        ("seen just then", {"lastSeenAt": {"eq": "2026-03-12T00:00:00Z"}}, [2, 6]),
        ("not seen just then", {"lastSeenAt": {"ne": "2026-03-12T00:00:00Z"}}, [*BY_NAME[1:9], 1, 5]),
        (
            "seen at one of these",
            {"lastSeenAt": {"in": ["2026-03-12T08:00:00+08:00", "2026-02-01T00:00:00Z"]}},
            [2, 6, 5],
        ),
        ("at none of these", {"lastSeenAt": {"notIn": ["2026-03-12T00:00:00Z"]}}, [*BY_NAME[1:9], 1, 5]),
        ("a shipment of more than", {"shipments": {"some": {"revenueMinor": {"gt": "7500"}}}}, [1]),
        ("at least; a number too", {"shipments": {"some": {"revenueMinor": {"gte": 7500}}}}, [3, 1]),
        ("more than 32 bits", {"shipments": {"some": {"pieces": {"eq": "5000000000"}}}}, [2, 1]),
        ("one of several numbers", {"shipments": {"some": {"revenueMinor": {"in": ["1250", "8750"]}}}}, [2, 1]),
        (
            "no heavy one, and one that was delivered in yen",
            {
                "shipments": {
                    "none": {"weightG": {"gt": "1500"}, "costMinor": {"isNull": False}},
                    "some": {"currency": {"eq": "JPY"}, "status": {"startsWith": "deliver"}},
                }
            },
            [1],
        ),
        (
            "unanswered complaints",
            {"complaints": {"some": {"respondedAt": {"isNull": True}, "severity": {"eq": "low"}}}},
            [2, 3, 1],
        ),
        ("a warning at any time", {"warnings": {"some": {}}}, [2, 3, 1]),
        ("a warning that was cleared", {"warnings": {"some": {"isOpen": False}}}, [1]),
        (
            "an open sign of a rule set",
            {
                "warnings": {
                    "some": {"ruleSet": {"eq": "churn_warning"}, "code": {"eq": "volume_collapse"}, "isOpen": True}
                }
            },
            [2],
        ),
        ("told to a department", {"warnings": {"some": {"route": "customer_service"}}}, [2, 1]),
        ("a department's whole code", {"warnings": {"some": {"route": "customer"}}}, []),
        ("no grave warning", {"warnings": {"none": {"severity": {"eq": "high"}}}}, [*BY_NAME[1:8], 3, 6, 5]),
        ("a uid", {"uid": {"eq": "00000000-0000-5000-8000-000000000009"}}, [9]),
    ],
)
def test_conditions_select_customers(ask: Ask, _case: str, where: dict[str, Any], expected: list[int]) -> None:
    page = ask(QUERY, where=where)["customers"]
    assert (_numbers(page), page["totalCount"]) == (expected, len(expected))


ORDERS: list[tuple[str, list[dict[str, str]] | None, list[int]]] = [
    ("by name without being asked", None, BY_NAME),
    ("by name, the last first", [{"field": "NAME", "direction": "DESC"}], BY_NAME[::-1]),
    (
        "last seen first, unknown ones last",
        [{"field": "LAST_SEEN_AT", "direction": "DESC"}],
        [2, 6, 1, 3, 5, 4, 7, 8, 9, 10, 11, 12],
    ),
    (
        "longest unseen first, unknown ones last",
        [{"field": "LAST_SEEN_AT"}],
        [5, 3, 1, 2, 6, 4, 7, 8, 9, 10, 11, 12],
    ),
    (
        "never seen first, then the longest unseen",
        [{"field": "LAST_SEEN_AT", "nulls": "FIRST"}],
        [4, 7, 8, 9, 10, 11, 12, 5, 3, 1, 2, 6],
    ),
    (
        "two steps",
        [{"field": "LAST_SEEN_AT", "direction": "DESC"}, {"field": "NAME", "direction": "DESC"}],
        [6, 2, 1, 3, 5, 4, 12, 11, 10, 9, 8, 7],
    ),
    ("by id, the last first", [{"field": "ID", "direction": "DESC"}], list(range(12, 0, -1))),
]


@pytest.mark.parametrize(("_case", "order_by", "expected"), ORDERS)
@pytest.mark.parametrize("size", [1, 5, 12])
def test_pages_in_both_directions_cover_the_order_once(
    ask: Ask, _case: str, order_by: list[dict[str, str]] | None, expected: list[int], size: int
) -> None:
    forward: list[int] = []
    variables: dict[str, Any] = {"orderBy": order_by, "first": size}
    while len(forward) < len(expected):
        page = ask(QUERY, **variables)["customers"]
        assert page["pageInfo"]["hasPreviousPage"] is bool(forward)
        forward += _numbers(page)
        assert page["pageInfo"]["hasNextPage"] is (len(forward) < len(expected))
        variables["after"] = page["pageInfo"]["endCursor"]
    assert forward == expected
    backward: list[int] = []
    variables = {"orderBy": order_by, "last": size}
    while len(backward) < len(expected):
        page = ask(QUERY, **variables)["customers"]
        assert page["pageInfo"]["hasNextPage"] is bool(backward)
        backward = _numbers(page) + backward
        assert page["pageInfo"]["hasPreviousPage"] is (len(backward) < len(expected))
        variables["before"] = page["pageInfo"]["startCursor"]
    assert backward == expected


@pytest.mark.parametrize(
    ("_case", "arguments", "message"),
    [
        ("too many", {"first": 201}, "'first: 201' is out of range; ask for 0 to 200 and page on with cursors"),
        ("fewer than none", {"last": -1}, "'last: -1' is out of range; ask for 0 to 200 and page on with cursors"),
        (
            "both directions",
            {"first": 1, "last": 1},
            "page forward with 'first' and 'after', or backward with 'last' and 'before', not both",
        ),
        (
            "no cursor",
            {"after": "x"},
            "'x' is no cursor of this list in this order; take one from pageInfo or edges",
        ),
        (
            "a cursor of nobody's name",
            {"after": NULLS},
            f"'{NULLS}' is no cursor of this list in this order; take one from pageInfo or edges",
        ),
        (
            "null in a filter",
            {"where": {"region": {"eq": None}}},
            "'where.region.eq' is null; leave it out, or ask for isNull",
        ),
        (
            "null for a filter",
            {"where": {"not": {"kind": None}}},
            "'where.not.kind' is null; leave it out, or ask for isNull",
        ),
        (
            "a role of no shipments",
            {"where": {"shipments": {"role": "PAYER"}}},
            "'where.shipments.role' says of which rows; write some or none beside it",
        ),
        (
            "null in a condition on shipments",
            {"where": {"shipments": {"none": {"service": {"eq": None}}}}},
            "'where.shipments.none.service.eq' is null; leave it out, or ask for isNull",
        ),
        (
            "an instant of a visit without a zone",
            {"where": {"visits": {"some": {"heldAt": {"gt": "2026-03-01T00:00:00"}}}}},
            "'where.visits.some.heldAt.gt: 2026-03-01T00:00:00' has no time zone; write it as '2026-03-01T00:00:00Z'",
        ),
        (
            "a text that ends early",
            {"where": {"text": "a\0b"}},
            "'where.text' holds the character NUL, which no text has; leave it out",
        ),
        (
            "a part that ends early",
            {"where": {"not": {"name": {"in": ["a", "\0"]}}}},
            "'where.not.name.in' holds the character NUL, which no text has; leave it out",
        ),
        (
            "a number that no column holds",
            {"where": {"shipments": {"none": {"pieces": {"lt": -(2**63)}}}}},
            "'where.shipments.none.pieces.lt: -9223372036854775808' is out of range; 9223372036854775807 is the limit",
        ),
        (
            "too many conditions on complaints",
            {"where": {"or": [{"complaints": {"some": {"severity": {"eq": str(n), "ne": "x"}}}} for n in range(26)]}},
            "'where' has 52 comparisons; at most 50 are taken",
        ),
        (
            "an instant without a zone",
            {"where": {"lastSeenAt": {"gt": "2026-01-01T00:00:00"}}},
            "'where.lastSeenAt.gt: 2026-01-01T00:00:00' has no time zone; write it as '2026-01-01T00:00:00Z'",
        ),
        (
            "an instant before the calendar begins",
            {"where": {"lastSeenAt": {"gt": "0001-01-01T00:00:00+14:00"}}},
            "'where.lastSeenAt.gt: 0001-01-01T00:00:00+14:00' is outside the years 1 to 9999 in UTC",
        ),
        (
            "unknown rule set",
            {"where": {"level": {"ruleSet": "service_teir"}}},
            "unknown rule set 'service_teir'; did you mean 'service_tier'?",
        ),
        (
            "unknown rule set at an instant",
            {"where": {"level": {"ruleSet": "service_teir", "asOf": LATE}}},
            "unknown rule set 'service_teir'; did you mean 'service_tier'?",
        ),
        (
            "null for an instant",
            {"where": {"level": {"ruleSet": "service_tier", "asOf": None}}},
            "'where.level.asOf' is null; leave it out, or ask for isNull",
        ),
        (
            "unknown level",
            {"where": {"level": {"ruleSet": "service_tier", "code": {"in": ["vip", "profesional"]}}}},
            "rule set 'service_tier' has no level 'profesional'; did you mean 'professional'?",
        ),
        (
            "too deep",
            {"where": {"not": {"not": {"not": {"not": {"not": {"hasWarning": True}}}}}}},
            "'where.not.not.not.not.not' is nested 6 levels deep; at most 5 are taken",
        ),
        (
            "too many comparisons",
            {"where": {"or": [{"text": str(number)} for number in range(51)]}},
            "'where' has 51 comparisons; at most 50 are taken",
        ),
        ("too many empty groups", {"where": {"and": [{}] * 51}}, "'where' has 51 comparisons; at most 50 are taken"),
    ],
)
def test_bad_arguments_say_what_to_do(
    ask: Ask, refused: Ask, _case: str, arguments: dict[str, Any], message: str
) -> None:
    error = refused(QUERY, **arguments)
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT"})


@pytest.mark.parametrize("value", [1.5, True, "1.5", "١", "1_000", "", " 1", "9" * 401, []])
def test_what_is_no_whole_number_is_refused(refused: Ask, value: object) -> None:
    error = refused(QUERY, where={"shipments": {"some": {"pieces": {"eq": value}}}})
    assert "is no whole number of at most 400 digits" in error["message"]


def test_a_cursor_of_another_order_is_refused(ask: Ask, refused: Ask) -> None:
    cursor = ask(QUERY, first=1)["customers"]["pageInfo"]["endCursor"]
    error = refused(QUERY, after=cursor, orderBy=[{"field": "ID"}])
    assert error["message"] == f"'{cursor}' is no cursor of this list in this order; take one from pageInfo or edges"


def test_a_cursor_outlives_the_row_it_came_from(ask: Ask) -> None:
    whole = ask(QUERY, first=12)["customers"]
    cursor = whole["edges"][3]["cursor"]
    without = ask(QUERY, first=2, after=cursor, where={"not": {"uid": {"eq": whole["nodes"][3]["uid"]}}})["customers"]
    assert _numbers(without) == BY_NAME[4:6]


@pytest.mark.parametrize(
    ("_case", "values"),
    [
        ("a number no database holds", ["customers:last_seen_at,id", 0, 2**63]),
        ("an instant no calendar holds", ["customers:last_seen_at,id", 2**62, 1]),
        ("text for a number", ["customers:last_seen_at,id", "x", 1]),
        ("too few values", ["customers:last_seen_at,id", 0]),
        ("no list", {"a": 1}),
        ("nothing", []),
    ],
)
def test_a_forged_cursor_is_refused(refused: Ask, _case: str, values: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    error = refused(QUERY, after=cursor, orderBy=[{"field": "LAST_SEEN_AT"}])
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("_case", "limit", "expected"),
    [
        ("fewer than there are", 11, {"count": 11, "isExact": False}),
        ("as many as there are", 12, {"count": 12, "isExact": True}),
        ("more than there are", 13, {"count": 12, "isExact": True}),
    ],
)
def test_a_capped_count_says_whether_it_is_exact(ask: Ask, _case: str, limit: int, expected: dict[str, Any]) -> None:
    query = "query($n: Int!) { customers(first: 1) { totalCountCapped(limit: $n) { count isExact } } }"
    assert ask(query, n=limit)["customers"]["totalCountCapped"] == expected


def test_lists_of_a_customer_have_a_capped_count_too(ask: Ask) -> None:
    query = """{ customer(id: "00000000-0000-5000-8000-000000000001") {
      complaints(first: 0) { few: totalCountCapped(limit: 2) { count isExact } totalCountCapped { count isExact } }
    } }"""
    assert ask(query)["customer"]["complaints"] == {
        "few": {"count": 2, "isExact": False},
        "totalCountCapped": {"count": 3, "isExact": True},
    }


def test_no_list_is_counted_beyond_the_limit(ask: Ask, carrier: Engine) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(" ".join(statement.split()))

    few = "totalCountCapped(limit: 1) { count isExact }"
    lists = ("warnings", "complaintsByRank", "visitsDue", "runs", "employees", "quarantine", "identityDecisions")
    roots = " ".join(f"{name}(first: 0) {{ {few} }}" for name in (*lists, "refusedTies"))
    nested = ("shipments", "contacts", "identifiers", "segmentHistory", "warnings", "timeline", "sourceRecords")
    inner = " ".join(f"{name}(first: 0) {{ {few} }}" for name in nested)
    event.listen(carrier, "before_cursor_execute", note)
    try:
        found = ask(f'{{ {roots} customer(id: "00000000-0000-5000-8000-000000000001") {{ {inner} }} }}')
    finally:
        event.remove(carrier, "before_cursor_execute", note)
    counted = {**found.pop("customer"), **found}
    assert {name: page["totalCountCapped"]["count"] for name, page in counted.items()} == {
        **dict.fromkeys((*lists, *nested), 1),
        "refusedTies": 0,
    }
    assert [each for each in statements if "count(*)" in each and "LIMIT" not in each] == []


@pytest.mark.parametrize("limit", [0, 1_000_001])
def test_a_limit_out_of_range_is_refused(client: httpx.Client, limit: int) -> None:
    query = f"{{ customers(first: 1) {{ totalCountCapped(limit: {limit}) {{ count }} }} }}"
    (error,) = client.post("/graphql", json={"query": query}).json()["errors"]
    assert error["message"] == f"'limit: {limit}' is out of range; ask for 1 to 1000000, or for totalCount"
