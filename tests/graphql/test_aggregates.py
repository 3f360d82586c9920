"""Customers and shipments counted in groups."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Ask = Callable[..., dict[str, Any]]
Found = list[tuple[Any, ...]]
CUSTOMERS = """
query($where: CustomerWhere, $by: [CustomerGroupBy!], $having: CountFilter, $order: [AggregateOrder!], $first: Int) {
  customersAggregate(where: $where, groupBy: $by, having: $having, orderBy: $order, first: $first) {
    keys { field ruleSet value label(locale: ZH) }
    count
  }
}
"""
SHIPMENTS = """
query($where: CustomerWhere, $by: [ShipmentGroupBy!], $order: [AggregateOrder!]) {
  shipmentsAggregate(where: $where, groupBy: $by, orderBy: $order) {
    keys { value }
    count
    revenue { amountMinor currency }
  }
}
"""
TIER = {"field": "LEVEL", "ruleSet": "service_tier"}
LIFECYCLE = {"field": "LEVEL", "ruleSet": "lifecycle"}
BY_KEYS = {"field": "KEYS"}


def _groups(rows: list[dict[str, Any]]) -> Found:
    return [(*(key["value"] for key in row["keys"]), row["count"]) for row in rows]


@pytest.mark.parametrize(
    ("_case", "asked", "expected"),
    [
        ("all in one group", {}, [(12,)]),
        ("no group of nobody", {"where": {"name": {"eq": "?"}}}, []),
        ("a level, those in none too", {"by": [TIER]}, [("ordinary", 9), ("professional", 1), ("vip", 1), (None, 1)]),
        (
            "a level under a condition",
            {"by": [TIER], "where": {"region": {"in": ["上海", "北京"]}}},
            [("ordinary", 2), ("professional", 1), ("vip", 1)],
        ),
        ("an owner", {"by": [{"field": "OWNER"}]}, [("E003", 6), ("E002", 3), ("E001", 2), (None, 1)]),
        ("a region", {"by": [{"field": "REGION"}]}, [("广东", 7), ("上海", 2), ("北京", 2), (None, 1)]),
        (
            "a month in UTC",
            {"by": [{"field": "LAST_SEEN_MONTH"}]},
            [(None, 7), ("2026-03", 4), ("2026-02", 1)],
        ),
        (
            "the months in order",
            {"by": [{"field": "LAST_SEEN_MONTH"}], "order": BY_KEYS},
            [("2026-02", 1), ("2026-03", 4), (None, 7)],
        ),
        (
            "the last month first, unknown ones last",
            {"by": [{"field": "LAST_SEEN_MONTH"}], "order": [{**BY_KEYS, "direction": "DESC"}]},
            [("2026-03", 4), ("2026-02", 1), (None, 7)],
        ),
        (
            "unknown ones first",
            {"by": [{"field": "LAST_SEEN_MONTH"}], "order": [{**BY_KEYS, "nulls": "FIRST"}]},
            [(None, 7), ("2026-02", 1), ("2026-03", 4)],
        ),
        (
            "the smallest first, equals backward",
            {"by": [{"field": "REGION"}], "order": [{"field": "COUNT"}, {**BY_KEYS, "direction": "DESC"}]},
            [(None, 1), ("北京", 2), ("上海", 2), ("广东", 7)],
        ),
        (
            "two rule sets",
            {"by": [TIER, LIFECYCLE], "order": BY_KEYS},
            [("ordinary", None, 9), ("professional", "lost", 1), ("vip", "active", 1), (None, None, 1)],
        ),
        (
            "who moved from where to where",
            {"by": [{**TIER, "asOf": "2026-01-15T00:00:00Z"}, TIER], "order": BY_KEYS},
            [
                ("ordinary", "ordinary", 9),
                ("ordinary", "vip", 1),
                ("professional", "professional", 1),
                (None, None, 1),
            ],
        ),
        ("before the first run", {"by": [{**TIER, "asOf": "2025-01-01T00:00:00Z"}]}, [(None, 12)]),
        (
            "the smallest first",
            {"by": [{"field": "KIND"}], "order": {"field": "COUNT"}},
            [("person", 1), ("company", 11)],
        ),
        ("the largest only", {"by": [TIER], "first": 1}, [("ordinary", 9)]),
        (
            "groups of at least two",
            {"by": [{"field": "REGION"}], "having": {"gte": 2, "lt": 7}},
            [("上海", 2), ("北京", 2)],
        ),
        ("groups of exactly", {"by": [{"field": "OWNER"}], "having": {"eq": 3}}, [("E002", 3)]),
        ("groups between", {"by": [{"field": "OWNER"}], "having": {"gt": 1, "lte": 2}}, [("E001", 2)]),
    ],
)
def test_customers_are_counted_in_groups(ask: Ask, _case: str, asked: dict[str, Any], expected: Found) -> None:
    assert _groups(ask(CUSTOMERS, **asked)["customersAggregate"]) == expected


def test_keys_say_what_they_are_and_how_people_call_them(ask: Ask) -> None:
    rows = ask(CUSTOMERS, by=[TIER, {"field": "OWNER"}, {"field": "REGION"}], having={"eq": 1}, order=BY_KEYS)
    assert [row["keys"] for row in rows["customersAggregate"]][-2:] == [
        [
            {"field": "LEVEL", "ruleSet": "service_tier", "value": "vip", "label": "VIP客户"},
            {"field": "OWNER", "ruleSet": None, "value": "E001", "label": "张伟"},
            {"field": "REGION", "ruleSet": None, "value": "上海", "label": "上海"},
        ],
        [
            {"field": "LEVEL", "ruleSet": "service_tier", "value": None, "label": None},
            {"field": "OWNER", "ruleSet": None, "value": None, "label": None},
            {"field": "REGION", "ruleSet": None, "value": None, "label": None},
        ],
    ]


def test_a_group_sums_the_shipments_its_customers_pay_for(ask: Ask) -> None:
    query = """
    query($by: [CustomerGroupBy!], $order: [AggregateOrder!]) {
      customersAggregate(groupBy: $by, orderBy: $order) {
        keys { value }
        shipments
        shipmentsPerCustomer
        revenue { amount currency }
        revenuePerCustomer { amountMinor currency }
      }
    }
    """
    rows = ask(query, by=[{"field": "REGION"}], order=BY_KEYS)["customersAggregate"]
    assert [tuple(row.values())[1:] for row in rows] == [
        (
            "4",
            2.0,
            [{"amount": "150.00", "currency": "CNY"}, {"amount": "8750", "currency": "JPY"}],
            [{"amountMinor": "7500", "currency": "CNY"}, {"amountMinor": "4375", "currency": "JPY"}],
        ),
        ("2", 1.0, [{"amount": "62.50", "currency": "CNY"}], [{"amountMinor": "3125", "currency": "CNY"}]),
        ("0", 0.0, [], []),
        ("0", 0.0, [], []),
    ]


@pytest.mark.parametrize(
    ("_case", "asked", "expected"),
    [
        ("all that somebody pays", {}, [("6", [("21250", "CNY"), ("8750", "JPY")])]),
        (
            "by month",
            {"by": [{"field": "MONTH"}], "order": BY_KEYS},
            [
                ("2026-01", "3", [("7500", "CNY")]),
                ("2026-02", "2", [("7500", "CNY"), ("8750", "JPY")]),
                (None, "1", [("6250", "CNY")]),
            ],
        ),
        (
            "by the payer's level and service",
            {"by": [{"payer": TIER}, {"field": "SERVICE"}], "where": {"owner": {"number": {"eq": "E002"}}}},
            [("professional", "express", "2", [("6250", "CNY")]), ("ordinary", "express", "1", [("7500", "CNY")])],
        ),
        (
            "of payers with some shipment",
            {"where": {"shipments": {"some": {"currency": {"eq": "JPY"}}}}},
            [("3", [("7500", "CNY"), ("8750", "JPY")])],
        ),
    ],
)
def test_shipments_are_counted_in_groups(ask: Ask, _case: str, asked: dict[str, Any], expected: Found) -> None:
    rows = ask(SHIPMENTS, **asked)["shipmentsAggregate"]
    revenues = [[(one["amountMinor"], one["currency"]) for one in row["revenue"]] for row in rows]
    assert [(*group, revenue) for group, revenue in zip(_groups(rows), revenues, strict=True)] == expected


@pytest.mark.parametrize(
    ("_case", "field", "variables", "message"),
    [
        ("no rule set", CUSTOMERS, {"by": [{"field": "LEVEL"}]}, "'groupBy' with LEVEL needs a 'ruleSet'"),
        (
            "a rule set too many",
            CUSTOMERS,
            {"by": [{"field": "CITY", "ruleSet": "lifecycle"}]},
            "'groupBy' with CITY takes no 'ruleSet'; only LEVEL does",
        ),
        (
            "an unknown rule set",
            CUSTOMERS,
            {"by": [{"field": "LEVEL", "ruleSet": "service_teir"}]},
            "unknown rule set 'service_teir'; did you mean 'service_tier'?",
        ),
        ("the same twice", CUSTOMERS, {"by": [TIER, TIER]}, "'groupBy' names LEVEL twice; name it once"),
        ("null for a bound", CUSTOMERS, {"having": {"gte": 1, "lt": None}}, "'having.lt' is null; leave it out"),
        (
            "five at once",
            CUSTOMERS,
            {"by": [{"field": name} for name in ("KIND", "CITY", "REGION", "COUNTRY", "INDUSTRY")]},
            "'groupBy' has 5 entries; at most 4 are taken",
        ),
        (
            "too many rows",
            CUSTOMERS,
            {"first": 201},
            "'first: 201' is out of range; ask for 0 to 200 and page on with cursors",
        ),
        (
            "a shipment and a payer",
            SHIPMENTS,
            {"by": [{"field": "MONTH", "payer": TIER}]},
            "an entry of 'groupBy' has either 'field' or 'payer'",
        ),
        ("nothing", SHIPMENTS, {"by": [{}]}, "an entry of 'groupBy' has either 'field' or 'payer'"),
    ],
)
def test_what_cannot_be_counted_is_told(
    client: httpx.Client, _case: str, field: str, variables: dict[str, Any], message: str
) -> None:
    answer = client.post("/graphql", json={"query": field, "variables": variables}).json()
    assert [(each["message"], each["extensions"]["code"]) for each in answer["errors"]] == [(message, "BAD_USER_INPUT")]
