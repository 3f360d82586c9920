"""Served features: listed, shown of customers, and compared with values of their types."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine
from tests.graphql.both_ways import Bench, both_ways, compact

Ask = Callable[..., dict[str, Any]]
UID = "00000000-0000-5000-8000-00000000000"
EVERYBODY = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
LIST = "query($where: CustomerWhere) { customers(where: $where, first: 50) { totalCount nodes { uid } } }"
FEBRUARY = "2026-02-01T00:00:00+00:00"
SORTED = "days_since_last_shipment, is_pilot, revenue_365d, shipments_90d"
EXAMPLE = 'write for example "2026-02-01T00:00:00Z"'
AT = "2026-01-01T09:00:00+00:00"


def _feature(code: str, **asked: Any) -> dict[str, Any]:
    return {"feature": {"code": code, **asked}}


def test_the_served_features_are_listed_by_code(ask: Ask) -> None:
    shown = "code type unit meaning label zh: label(locale: ZH) place isSorted asOf"
    found = ask(f"{{ features {{ {shown} }} }}")["features"]
    assert [(each["code"], each["type"]) for each in found] == [
        ("days_since_last_shipment", "integer"),
        ("first_shipment_at", "instant"),
        ("is_pilot", "boolean"),
        ("last_service", "string"),
        ("on_time_rate_90d", "float"),
        ("revenue_365d", "decimal"),
        ("shipments_90d", "integer"),
    ]
    told: dict[str, object] = {"unit": "days", "meaning": "what was counted", "asOf": FEBRUARY}
    told |= {"label": "Days since the last shipment", "zh": "距上次发货"}
    place = "rules/features/things.yaml:3:3"
    told |= {"type": "integer", "place": place, "isSorted": True}
    assert found[0] == {"code": "days_since_last_shipment", **told}
    sortable = {each["code"] for each in found if each["isSorted"]}
    assert sortable == {"revenue_365d", "shipments_90d", "days_since_last_shipment", "is_pilot"}


@pytest.mark.parametrize(
    ("code", "value", "number", "text", "instant"),
    [
        ("revenue_365d", "48200.50", None, "48200.50", None),
        ("shipments_90d", 30, 30.0, "30", None),
        ("days_since_last_shipment", 2, 2.0, "2", None),
        ("is_pilot", True, None, "true", None),
        ("first_shipment_at", AT, None, AT, AT),
        ("on_time_rate_90d", 0.95, 0.95, "0.95", None),
        ("last_service", "air", None, "air", None),
    ],
)
def test_a_value_is_shown_by_its_type(
    ask: Ask, code: str, value: object, number: float | None, text: str, instant: str | None
) -> None:
    query = "query($id: ID!, $code: String!) { customer(id: $id) { feature(code: $code) { %s } } }"
    shown = "code type meaning value number text instant asOf"
    found = ask(query % shown, id=f"{UID}1", code=code)["customer"]["feature"]
    assert {name: found[name] for name in ("value", "number", "text", "instant")} == {
        "value": value,
        "number": number,
        "text": text,
        "instant": instant,
    }
    assert (found["code"], found["meaning"], found["asOf"]) == (code, "what was counted", FEBRUARY)


def test_the_unknown_is_null_and_never_zero(ask: Ask) -> None:
    query = "query($id: ID!) { customer(id: $id) { features { code value number text instant asOf } } }"
    nothing = {"number": None, "text": None, "instant": None}
    found = {each.pop("code"): each for each in ask(query, id=f"{UID}3")["customer"]["features"]}
    assert found["shipments_90d"] == {"value": 0, "number": 0.0, "text": "0", "instant": None, "asOf": FEBRUARY}
    unknown = [name for name, each in found.items() if each == {"value": None, **nothing, "asOf": FEBRUARY}]
    assert unknown == ["days_since_last_shipment", "first_shipment_at", "is_pilot", "last_service", "on_time_rate_90d"]
    new = ask(query, id=f"{UID}4")["customer"]["features"]
    assert {(each["value"], each["asOf"]) for each in new} == {(None, None)}


def test_features_come_in_the_order_asked_for(ask: Ask) -> None:
    query = '{ customers { nodes { uid features(codes: ["shipments_90d", "revenue_365d"]) { code value } } } }'
    rows = {row["uid"][-2:]: row["features"] for row in ask(query)["customers"]["nodes"]}
    assert [(each["code"], each["value"]) for each in rows["02"]] == [("shipments_90d", 0), ("revenue_365d", "-5.00")]
    assert [each["value"] for each in rows["12"]] == [None, None]


@pytest.mark.parametrize(
    ("_case", "where", "expected"),
    [
        ("at least an amount as a number", _feature("revenue_365d", gte=48200.5), {1}),
        ("more than an exact amount", _feature("revenue_365d", gt="48200.50"), set()),
        ("a negative amount", _feature("revenue_365d", lt=0), {2}),
        ("between", _feature("revenue_365d", gt=-5, lte=0), {3}),
        ("exactly zero is not unknown", _feature("shipments_90d", eq=0), {2, 3}),
        ("not zero: unknown ones too", _feature("shipments_90d", ne=0), EVERYBODY - {2, 3}),
        ("some numbers", _feature("shipments_90d", **{"in": [30, 31]}), {1}),
        ("none of some numbers", _feature("shipments_90d", notIn=[0]), EVERYBODY - {2, 3}),
        ("none of no numbers", _feature("shipments_90d", notIn=[]), EVERYBODY),
        ("days that are told from the run's day", _feature("days_since_last_shipment", gte=100), {2}),
        ("fewer of those days", _feature("days_since_last_shipment", lt=100), {1}),
        ("just those days", _feature("days_since_last_shipment", eq=2), {1}),
        ("unknown days", _feature("days_since_last_shipment", isNull=True), EVERYBODY - {1, 2}),
        ("known days", _feature("days_since_last_shipment", isNull=False), {1, 2}),
        ("a truth", _feature("is_pilot", eq=True), {1}),
        ("a truth that is not so, or unknown", _feature("is_pilot", ne=True), EVERYBODY - {1}),
        ("an instant in another zone", _feature("first_shipment_at", lte="2026-01-01T17:00:00+08:00"), {1, 2}),
        ("before an instant", _feature("first_shipment_at", lt="2026-01-01T09:00:00Z"), set()),
        ("a rate", _feature("on_time_rate_90d", lt=0.95), {2}),
        ("a rate as a whole number", _feature("on_time_rate_90d", lt=1), {1, 2}),
        ("texts", _feature("last_service", **{"in": ["快件", "sea"]}), {2}),
        ("two features", {"and": [_feature("shipments_90d", eq=0), _feature("revenue_365d", gte=0)]}, {3}),
        ("neither", {"not": _feature("revenue_365d", isNull=False)}, EVERYBODY - {1, 2, 3}),
    ],
)
def test_features_narrow_lists_and_counts(ask: Ask, _case: str, where: dict[str, Any], expected: set[int]) -> None:
    page = ask(LIST, where=where)["customers"]
    assert {int(node["uid"][-12:]) for node in page["nodes"]} == expected
    assert page["totalCount"] == len(expected)
    query = "query($where: CustomerWhere) { customersAggregate(where: $where) { count } }"
    assert [each["count"] for each in ask(query, where=where)["customersAggregate"]] == [len(expected)][: len(expected)]


UNKNOWN = list(range(4, 13))
ORDERED = """query(
  $order: [CustomerOrder!], $where: CustomerWhere, $first: Int, $after: String, $last: Int, $before: String
) { customers(orderBy: $order, where: $where, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { uid } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.mark.parametrize("size", [1, 2, 3, 5, 12, 50])
@pytest.mark.parametrize(
    ("feature", "direction", "expected"),
    [
        ("revenue_365d", "DESC", [1, 3, 2, *UNKNOWN[::-1]]),
        ("revenue_365d", "ASC", [2, 3, 1, *UNKNOWN]),
        # Of two who ship nothing the one known later stands first, as all of them do.
        ("shipments_90d", "DESC", [1, 3, 2, *UNKNOWN[::-1]]),
        ("days_since_last_shipment", "DESC", [2, 1, 3, *UNKNOWN]),
        ("days_since_last_shipment", "ASC", [1, 2, *UNKNOWN[::-1], 3]),
    ],
)
def test_customers_are_ordered_by_a_feature_page_by_page(
    ask: Ask, feature: str, direction: str, expected: list[int], size: int
) -> None:
    order = [{"field": "FEATURE", "feature": feature, "direction": direction}]
    for count, cursor, edge, goes_on in (
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ):
        found: list[int] = []
        beside, more = None, True
        while more:
            page = ask(ORDERED, order=order, **{count: size, cursor: beside})["customers"]
            rows = [int(node["uid"][-12:]) for node in page["nodes"]]
            assert len(rows) == size or not page["pageInfo"][goes_on]
            found = found + rows if count == "first" else rows + found
            beside, more = page["pageInfo"][edge], page["pageInfo"][goes_on]
        assert found == expected


def test_an_order_by_a_feature_is_of_those_that_meet_the_condition(ask: Ask) -> None:
    order = [{"field": "FEATURE", "feature": "revenue_365d", "direction": "DESC"}]
    for where, first, count in (
        ({"region": {"eq": "上海"}}, ["1"], 2),
        (_feature("shipments_90d", eq=0), ["3"], 2),
        (_feature("days_since_last_shipment", gte=3), ["2"], 1),
    ):
        page = ask(ORDERED, order=order, where=where, first=1)["customers"]
        assert ([node["uid"][-1] for node in page["nodes"]], page["totalCount"]) == (first, count)


@pytest.mark.parametrize(
    ("_case", "order", "message"),
    [
        ("no feature named", [{"field": "FEATURE"}], "'orderBy' with FEATURE needs a 'feature'"),
        (
            "a feature beside a name",
            [{"field": "NAME", "feature": "revenue_365d"}],
            "'orderBy' with NAME takes no 'feature'; only FEATURE does",
        ),
        (
            "another step",
            [{"field": "FEATURE", "feature": "revenue_365d"}, {"field": "NAME"}],
            "'orderBy' with FEATURE takes no other step; equals stand as they came to be known",
        ),
        (
            "unknown ones first",
            [{"field": "FEATURE", "feature": "revenue_365d", "nulls": "FIRST"}],
            "'orderBy' with FEATURE takes no 'nulls: FIRST'; ask for those by 'where' and isNull",
        ),
        (
            "one without an index",
            [{"field": "FEATURE", "feature": "on_time_rate_90d"}],
            f"customers cannot be ordered by 'on_time_rate_90d'; order by one of {SORTED}",
        ),
        (
            "one that is not served",
            [{"field": "FEATURE", "feature": "revenue"}],
            "no feature 'revenue' is served; did you mean 'revenue_365d'?",
        ),
    ],
)
def test_what_cannot_be_ordered_by_is_told(refused: Ask, _case: str, order: list[dict[str, str]], message: str) -> None:
    error = refused(ORDERED, order=order)
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT"})


def test_a_cursor_of_another_feature_is_refused(ask: Ask, refused: Ask) -> None:
    first = ask(ORDERED, order=[{"field": "FEATURE", "feature": "revenue_365d"}], first=1)
    cursor = first["customers"]["pageInfo"]["endCursor"]
    error = refused(ORDERED, order=[{"field": "FEATURE", "feature": "shipments_90d"}], after=cursor)
    assert "is no cursor of this list in this order" in error["message"]


@pytest.mark.parametrize(
    ("_case", "where", "message"),
    [
        (
            "an unknown feature",
            _feature("revenu_365d", gte=1),
            "no feature 'revenu_365d' is served; did you mean 'revenue_365d'?",
        ),
        (
            "nothing to compare",
            _feature("revenue_365d"),
            "'where.feature' compares 'revenue_365d' with nothing; give eq, gte, … or isNull",
        ),
        (
            "null",
            _feature("revenue_365d", eq=None),
            "'where.feature.eq' is null; leave it out, or ask for isNull",
        ),
        (
            "a text for an amount",
            _feature("revenue_365d", gte="much"),
            "'where.feature.gte': 'revenue_365d' holds amounts, 'much' is none; write for example \"48200.50\"",
        ),
        (
            "an amount without end",
            _feature("revenue_365d", gte="Infinity"),
            "'where.feature.gte': 'revenue_365d' holds amounts, 'Infinity' is none; write for example \"48200.50\"",
        ),
        (
            "an amount as calculators write it",
            _feature("revenue_365d", gte="1E-99999999"),
            "'where.feature.gte': 'revenue_365d' holds amounts, '1E-99999999' is none; write for example \"48200.50\"",
        ),
        (
            "an amount with more digits than any has",
            _feature("revenue_365d", gt="1" + "0" * 500),
            f"'where.feature.gt': 'revenue_365d' holds amounts, '1{'0' * 99}' is none; write for example \"48200.50\"",
        ),
        (
            "a last digit far behind the point",
            _feature("revenue_365d", lte=f"1.{'0' * 30}1"),
            f"'where.feature.lte': 1.{'0' * 30}1 has more decimals than the 2 of 'revenue_365d'; round it",
        ),
        (
            "a third decimal",
            _feature("revenue_365d", eq="0.125"),
            "'where.feature.eq': 0.125 has more decimals than the 2 of 'revenue_365d'; round it",
        ),
        (
            "half a shipment",
            {"not": _feature("shipments_90d", **{"in": [1, 2.5]})},
            "'where.not.feature.in': 'shipments_90d' holds whole numbers, '2.5' is none; write for example 12",
        ),
        (
            "a truth for a number",
            _feature("shipments_90d", eq=True),
            "'where.feature.eq': 'shipments_90d' holds whole numbers, 'true' is none; write for example 12",
        ),
        (
            "several for one",
            _feature("shipments_90d", gte=[1]),
            "'where.feature.gte': 'shipments_90d' holds whole numbers, '[1]' is none; write for example 12",
        ),
        (
            "more than can be counted",
            _feature("shipments_90d", lt=2**63),
            "'where.feature.lt': 9223372036854775808 is greater than any value of 'shipments_90d' can be",
        ),
        (
            "a number for a truth",
            _feature("is_pilot", eq=1),
            "'where.feature.eq': 'is_pilot' holds truths, '1' is none; write for example true",
        ),
        (
            "texts have no order",
            _feature("last_service", gte="air"),
            "'where.feature.gte': 'last_service' holds texts, which have no order; use eq, ne, in or notIn",
        ),
        (
            "an instant without a zone",
            _feature("first_shipment_at", gte="2026-01-01T00:00:00"),
            "'where.feature.gte: 2026-01-01T00:00:00' has no time zone; write it as '2026-01-01T00:00:00Z'",
        ),
        (
            "a word for an instant",
            _feature("first_shipment_at", gte="yesterday"),
            f"'where.feature.gte': 'first_shipment_at' holds instants, 'yesterday' is none; {EXAMPLE}",
        ),
        (
            "a text for a rate",
            _feature("on_time_rate_90d", lt="0.5"),
            "'where.feature.lt': 'on_time_rate_90d' holds numbers, '0.5' is none; write for example 0.95",
        ),
    ],
)
def test_values_of_other_types_are_refused_in_words(
    refused: Ask, _case: str, where: dict[str, Any], message: str
) -> None:
    error = refused(LIST, where=where)
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT"})


def test_a_feature_that_is_not_served_is_refused(refused: Ask) -> None:
    error = refused('query($id: ID!) { customer(id: $id) { feature(code: "p_alive") { value } } }', id=f"{UID}1")
    assert error["message"].startswith("no feature 'p_alive' is served; choose one of days_since_last_shipment, ")


def test_plans_compare_features_as_resolvers_do(carrier: Engine) -> None:
    query = "query($where: CustomerWhere) { customers(where: $where) { totalCount nodes { uid } } }"
    several = (
        *(_feature("revenue_365d", gte=value) for value in (0, "48200.50", -100)),
        *(_feature("days_since_last_shipment", lt=value) for value in (3, 101)),
        _feature("on_time_rate_90d", lte=0.5),
        _feature("last_service", notIn=["air", "sea"]),
    )

    async def work(bench: Bench) -> None:
        for where in several:
            data = await bench.resolved(query, {"where": where})
            found = compact(await bench.planned(query, {"where": where}))
            assert found == b'{"data":' + orjson.dumps(data) + b"}", where
        assert len(list(bench.planner.plans)) == 4

    both_ways(carrier, work)
