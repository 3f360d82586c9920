"""Features as of an instant: every operation, the edges of windows, what is missing, what is not known yet."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.aggregates import stored_columns
from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute

AS_OF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
Row = dict[str, Any]
Declared = Mapping[str, Mapping[str, object]]
MakeCatalogue = Callable[[Declared], Catalogue]
Values = Callable[..., dict[int, dict[str, object]]]


def shipped(at: datetime | None, payer: int | None = 1, **more: object) -> Row:
    """A shipment of that instant."""
    return {"at": at, "payer_id": payer, **more}


@pytest.mark.parametrize(
    ("_case", "age", "expected"),
    [
        ("a microsecond after the as-of instant is not known", -TICK, (0, 0, 0)),
        ("the as-of instant is inside", timedelta(), (1, 0, 1)),
        ("a microsecond younger than 90 days is inside", 90 * DAY - TICK, (1, 0, 1)),
        ("exactly 90 days ago is outside, and in the window before", 90 * DAY, (0, 1, 1)),
        ("a microsecond older than 90 days", 90 * DAY + TICK, (0, 1, 1)),
        ("a microsecond younger than 180 days", 180 * DAY - TICK, (0, 1, 1)),
        ("exactly 180 days ago is outside the window before", 180 * DAY, (0, 0, 1)),
    ],
)
def test_windows_hold_their_end_and_not_their_start(
    _case: str, age: timedelta, expected: tuple[int, int, int], values_of: Values
) -> None:
    declared = {
        "now": {"count": "shipments", "over": "90 days"},
        "before": {"count": "shipments", "over": "90 days", "before": "90 days"},
        "ever": {"count": "shipments"},
    }
    found = values_of(declared, {"shipments": [shipped(AS_OF - age)]})
    assert tuple(found[1].values()) == expected


def test_weeks_and_all_time_are_lengths(values_of: Values) -> None:
    declared = {
        "weeks": {"count": "shipments", "over": "2 weeks"},
        "ever": {"count": "shipments", "over": "all time"},
        "long_ago": {"count": "shipments", "before": "1 week"},
    }
    rows = [shipped(AS_OF - age) for age in (timedelta(), 7 * DAY, 14 * DAY - TICK, 14 * DAY, 9000 * DAY)]
    assert values_of(declared, {"shipments": rows})[1] == {"weeks": 3, "ever": 5, "long_ago": 4}


OPERATIONS: dict[str, dict[str, object]] = {
    "count": {"count": "shipments"},
    "total": {"sum": "shipments.revenue"},
    "mean_amount": {"mean": "shipments.revenue"},
    "least": {"min": "shipments.revenue"},
    "most": {"max": "shipments.revenue"},
    "first_word": {"min": "shipments.service"},
    "last_word": {"max": "shipments.service"},
    "services": {"distinct": "shipments.service"},
    "used": {"list": "shipments.service"},
    "sizes": {"list": "shipments.pieces"},
    "median": {"quantile": "shipments.revenue", "q": 0.5},
    "last_days": {"days_since": "shipments"},
    "first_days": {"days_since": "shipments", "which": "first"},
    "latest": {"max": "shipments.accepted_at"},
    "late": {"sum": "shipments.late"},
    "any_late": {"max": "shipments.late"},
    "share": {"mean": "shipments.on_time"},
    "doubled": {"formula": "total * 2"},
    "per_one": {"formula": "total / count"},
    "town": {"attribute": "city"},
    "sort": {"attribute": "kind"},
}


def test_every_operation_has_its_value(values_of: Values) -> None:
    day: Row = {"promised_at": AS_OF - DAY}
    rows = [
        shipped(AS_OF - 3 * DAY, revenue=1000, service="air", pieces=10, accepted_at=AS_OF - 3 * DAY)
        | {"delivered_at": AS_OF - DAY, **day},
        shipped(AS_OF - 2 * DAY - TICK, revenue=-250, service="road", pieces=9, delivered_at=AS_OF - DAY + TICK, **day),
        shipped(AS_OF - 9 * DAY, revenue=None, service=None, pieces=10, promised_at=AS_OF),
    ]
    found = values_of(OPERATIONS, {"shipments": rows}, customers=[{"customer": 1, "city": "Wuhan", "kind": "company"}])
    assert found == {
        1: {
            "count": 3,
            "total": 750,
            "mean_amount": 3.75,
            "least": -250,
            "most": 1000,
            "first_word": "air",
            "last_word": "road",
            "services": 2,
            "used": ["air", "road"],
            "sizes": [9, 10],
            "median": 3.75,
            "last_days": 2,
            "first_days": 9,
            "latest": AS_OF - 3 * DAY,
            "late": 1,
            "any_late": True,
            "share": 0.5,
            "doubled": 1500,
            "per_one": 2.5,
            "town": "Wuhan",
            "sort": "company",
        }
    }


def test_a_customer_without_events_has_zeros_and_unknowns(values_of: Values) -> None:
    found = values_of(OPERATIONS, {}, customers=[{"customer": 1, "kind": "person"}])[1]
    zeros = {"count": 0, "total": 0, "services": 0, "used": [], "sizes": [], "late": 0, "doubled": 0, "sort": "person"}
    assert found == dict.fromkeys(OPERATIONS, None) | zeros


def test_a_customer_with_events_outside_the_window_is_as_one_without(values_of: Values) -> None:
    declared = {
        name: {**item, "over": "1 day"} if not {"formula", "attribute"} & set(item) else item
        for name, item in OPERATIONS.items()
    }
    old = shipped(AS_OF - DAY, revenue=5, service="air", accepted_at=AS_OF - DAY, delivered_at=AS_OF, promised_at=AS_OF)
    customers = [{"customer": 1, "kind": "person"}, {"customer": 2, "kind": "person"}]
    found = values_of(declared, {"shipments": [old]}, customers=customers)
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("_case", "declared", "expected"),
    [
        ("days", {"days_since": "shipments", "missing": 9999}, 9999),
        ("a share", {"mean": "shipments.on_time", "missing": 1}, 1.0),
        ("a share written with decimals", {"mean": "shipments.on_time", "missing": 0.5}, 0.5),
        ("an amount is scaled", {"max": "shipments.revenue", "missing": 12.34}, 1234),
        ("a word", {"max": "shipments.service", "missing": "none"}, "none"),
        ("a truth", {"max": "shipments.late", "missing": False}, False),
        ("an attribute", {"attribute": "city", "missing": "nowhere"}, "nowhere"),
        ("a quotient", {"formula": "zero / zero", "missing": 7}, 7.0),
        ("a count is 0 in any case", {"count": "shipments", "missing": 0}, 0),
    ],
)
def test_missing_stands_for_what_never_happened(
    _case: str, declared: dict[str, object], expected: object, values_of: Values, catalogue_of: MakeCatalogue
) -> None:
    both: Declared = {"zero": {"count": "visits"}, "it": declared}
    assert catalogue_of(both).schema["it"].nullable is False
    assert values_of(both, {})[1] == {"zero": 0, "it": expected}


def test_roles_count_for_payer_shipper_or_consignee(values_of: Values) -> None:
    declared = {
        "paid": {"count": "shipments"},
        "sent": {"count": "shipments", "as": "shipper"},
        "received": {"count": "shipments", "as": "consignee"},
        "paid_too": {"count": "shipments", "as": "payer"},
    }
    row = {"at": AS_OF, "payer_id": 1, "shipper_id": 1, "consignee_id": 2}
    rows = [row, row | {"payer_id": 2}, row | {"payer_id": None, "shipper_id": 3}]
    found = values_of(declared, {"shipments": rows}, customers=[{"customer": key} for key in (3, 1, 2)])
    assert found == {
        3: {"paid": 0, "sent": 1, "received": 0, "paid_too": 0},
        1: {"paid": 1, "sent": 2, "received": 0, "paid_too": 1},
        2: {"paid": 1, "sent": 0, "received": 3, "paid_too": 1},
    }


def test_now_in_a_condition_is_the_as_of_instant(values_of: Values) -> None:
    declared = {"open": {"count": "complaints", "where": '(resolved_at ?? $now + t"P1D") > $now'}}
    rows = [
        {"customer_id": 1, "opened_at": AS_OF - 5 * DAY, "resolved_at": at}
        for at in (None, AS_OF - TICK, AS_OF, AS_OF + TICK)
    ]
    assert values_of(declared, {"complaints": rows})[1] == {"open": 2}
    assert values_of(declared, {"complaints": rows}, as_of=AS_OF - DAY)[1] == {"open": 4}


@pytest.mark.parametrize(
    ("_case", "stream", "feature", "row", "instant"),
    [
        (
            "a delivery",
            "shipments",
            {"mean": "shipments.on_time"},
            {"at": AS_OF - DAY, "payer_id": 1, "promised_at": AS_OF},
            "delivered_at",
        ),
        (
            "a resolution",
            "complaints",
            {"mean": "complaints.resolution_days"},
            {"opened_at": AS_OF - DAY, "customer_id": 1},
            "resolved_at",
        ),
        (
            "a response",
            "complaints",
            {"max": "complaints.responded_at"},
            {"opened_at": AS_OF - DAY, "customer_id": 1},
            "responded_at",
        ),
    ],
)
def test_what_became_of_an_event_is_unknown_until_it_did(
    _case: str, stream: str, feature: dict[str, object], row: Row, instant: str, values_of: Values
) -> None:
    known = values_of({"it": feature}, {stream: [row | {instant: AS_OF}]})
    unknown = values_of({"it": feature}, {stream: [row | {instant: AS_OF + TICK}]})
    assert known[1]["it"] is not None
    assert unknown[1]["it"] is None


def test_a_plan_ahead_is_known(values_of: Values) -> None:
    row = shipped(AS_OF, promised_at=AS_OF + 3 * DAY)
    assert values_of({"it": {"max": "shipments.promised_at"}}, {"shipments": [row]})[1]["it"] == AS_OF + 3 * DAY


def test_an_event_without_an_instant_is_in_no_window(values_of: Values) -> None:
    declared = {"ever": {"count": "shipments"}, "contacts": {"count": "contacts"}}
    assert values_of(declared, {"shipments": [shipped(None)], "contacts": [{"customer_id": 1}]})[1] == {
        "ever": 0,
        "contacts": 1,
    }


def test_gaps_are_between_a_customers_own_shipments(values_of: Values) -> None:
    ages = {1: (10, 8, 5), 2: (9, 1), 3: (4,)}
    rows = [shipped(AS_OF - age * DAY, payer) for payer, days in ages.items() for age in days]
    declared = {
        "longest": {"max": "shipments.gap_days"},
        "recent": {"max": "shipments.gap_days", "over": "8 days"},
        "usual": {"quantile": "shipments.gap_days", "q": 0.5},
    }
    found = values_of(declared, {"shipments": rows[::-1]}, customers=[{"customer": key} for key in ages])
    assert found == {
        1: {"longest": 3.0, "recent": 3.0, "usual": 2.5},
        2: {"longest": 8.0, "recent": 8.0, "usual": 8.0},
        3: {"longest": None, "recent": None, "usual": None},
    }


def test_derived_columns_say_what_their_meaning_says(values_of: Values) -> None:
    declared = {
        "lanes": {"distinct": "shipments.lane"},
        "transit": {"mean": "shipments.transit_days"},
        "margin": {"sum": "shipments.margin"},
        "score": {"mean": "visits.satisfaction"},
    }
    rows = [
        shipped(AS_OF, origin="a", destination="b", accepted_at=AS_OF - DAY, delivered_at=AS_OF, revenue=9, cost=2),
        shipped(AS_OF, origin="a", destination="b", accepted_at=AS_OF - DAY, revenue=9),
        shipped(AS_OF, origin="b", destination="a", cost=4),
        shipped(AS_OF, origin=None, destination="a"),
    ]
    visit = {"customer_id": 1, "held_at": AS_OF}
    visits = [visit | {"timeliness": 4, "delivery": 3}, visit, visit | {"improvement": 2}]
    found = values_of(declared, {"shipments": rows, "visits": visits})
    assert found[1] == {"lanes": 2, "transit": 1.0, "margin": 7, "score": 2.75}


def test_real_numbers_are_compared_as_such(values_of: Values) -> None:
    declared = {
        "best": {"max": "visits.satisfaction"},
        "worst": {"min": "visits.satisfaction"},
        "usual": {"quantile": "visits.satisfaction", "q": 0.5},
        "scores": {"distinct": "visits.satisfaction"},
    }
    visit = {"customer_id": 1, "held_at": AS_OF}
    scores = [
        {"timeliness": 4, "delivery": 3},
        {},
        {"improvement": 2},
        {"delivery": 5, "improvement": 4},
        {"delivery": 2},
    ]
    found = values_of(declared, {"visits": [visit | each for each in scores]})
    assert found[1] == {"best": 4.5, "worst": 2.0, "usual": 2.75, "scores": 3}


def test_a_feature_may_be_named_like_an_attribute(values_of: Values) -> None:
    declared = {"city": {"count": "visits"}, "region": {"attribute": "city"}, "kind": {"count": "contacts"}}
    customers = [{"customer": 1, "city": "Wuhan", "region": "Hubei", "kind": "company"}]
    assert values_of(declared, {}, customers=customers)[1] == {"city": 0, "region": "Wuhan", "kind": 0}


def test_customers_keep_their_order_and_events_of_strangers_are_left_out(catalogue_of: MakeCatalogue) -> None:
    size = 20_000
    order = [(key * 7919) % size for key in range(size)]
    events = pl.DataFrame({"payer_id": [*range(0, size, 2), size + 5]}).with_columns(
        at=pl.lit(AS_OF, pl.Datetime("us", "UTC"))
    )
    catalogue = catalogue_of({"n": {"count": "shipments"}})
    frame = compute(catalogue, pl.DataFrame({"customer": order}), {"shipments": events.lazy()}, AS_OF)
    assert frame["customer"].to_list() == order
    assert frame["n"].to_list() == [1 - key % 2 for key in order]


def test_only_the_columns_features_need_are_asked_for(catalogue_of: MakeCatalogue) -> None:
    declared = {
        "lanes": {"distinct": "shipments.lane", "as": "shipper", "where": 'status != "lost"'},
        "people": {"count": "contacts"},
        "doubled": {"formula": "people * 2"},
        "town": {"attribute": "city"},
    }
    assert stored_columns(catalogue_of(declared)) == {
        "shipments": {"shipper_id", "at", "origin", "destination", "status"},
        "contacts": {"customer_id"},
    }


# --- Against a plain oracle: random declarations over random graphs.

EDGES = [edge + tick for edge in (timedelta(), 90 * DAY, 180 * DAY, 365 * DAY) for tick in (-TICK, timedelta(), TICK)]
AGES = st.sampled_from(EDGES) | st.timedeltas(-2 * DAY, 400 * DAY)
INSTANTS = st.none() | AGES.map(lambda age: AS_OF - age)
OWNERS = st.none() | st.integers(1, 3)
SHIPMENTS = st.fixed_dictionaries(
    {
        "at": INSTANTS,
        "payer_id": OWNERS,
        "shipper_id": OWNERS,
        "consignee_id": OWNERS,
        "revenue": st.none() | st.integers(-500, 500),
        "service": st.none() | st.sampled_from(["air", "road", ""]),
        "status": st.none() | st.sampled_from(["delivered", "cancelled"]),
        "pieces": st.none() | st.integers(0, 3),
        "delivered_at": INSTANTS,
        "promised_at": INSTANTS,
    }
)
CONDITIONS: list[tuple[str | None, Callable[[Row], bool]]] = [
    (None, lambda _: True),
    ('status != "cancelled"', lambda row: row["status"] != "cancelled"),
    ("(revenue ?? 0) >= 1.5", lambda row: (row["revenue"] or 0) >= 150),
    ("delivered_at == null", lambda row: row["delivered_at"] is None),
    ("pieces != null and (pieces ?? 0) < 2", lambda row: row["pieces"] is not None and row["pieces"] < 2),
    ("(promised_at ?? $now) > $now", lambda row: row["promised_at"] is not None and row["promised_at"] > AS_OF),
]
LENGTHS = [None, 1, 90, 180, 365]
COLUMNS = ["revenue", "pieces", "on_time", "late", "gap_days"]
WORDS = ["service", "status"]


def declarations() -> st.SearchStrategy[Row]:
    """A counting feature: its operation, column, window, role and condition."""
    targets = st.one_of(
        st.tuples(st.just("count"), st.none()),
        st.tuples(st.just("days_since"), st.none()),
        st.tuples(st.sampled_from(["sum", "mean", "min", "max", "quantile", "distinct"]), st.sampled_from(COLUMNS)),
        st.tuples(st.sampled_from(["min", "max", "distinct", "list"]), st.sampled_from(WORDS)),
        st.tuples(st.just("list"), st.just("pieces")),
    )
    return st.fixed_dictionaries(
        {
            "target": targets,
            "over": st.sampled_from(LENGTHS),
            "before": st.sampled_from([None, 1, 90]),
            "role": st.sampled_from(["payer", "shipper", "consignee"]),
            "where": st.integers(0, len(CONDITIONS) - 1),
            "q": st.sampled_from([0, 0.25, 0.5, 0.9, 1]),
            "which": st.sampled_from(["first", "last"]),
        }
    )


def written(item: Row) -> dict[str, object]:
    """The declaration as YAML would hold it."""
    operation, column = item["target"]
    text: dict[str, object] = {operation: "shipments" if column is None else f"shipments.{column}", "as": item["role"]}
    for key in ("over", "before"):
        if item[key] is not None:
            text[key] = f"{item[key]} days"
    if CONDITIONS[item["where"]][0] is not None:
        text["where"] = CONDITIONS[item["where"]][0]
    own = {"quantile": "q", "days_since": "which"}.get(operation)
    return text | ({own: item[own]} if own else {})


def expected(item: Row, rows: Sequence[Row], customer: int) -> object:
    """The feature's value, by plain loops."""
    own = [row for row in rows if row[f"{item['role']}_id"] == customer and row["at"] and row["at"] <= AS_OF]
    own = [_as_known(row) for row in sorted(own, key=operator.itemgetter("at"))]
    for place, row in enumerate(own):
        row["gap_days"] = (row["at"] - own[place - 1]["at"]) / DAY if place else None
    end = AS_OF - (item["before"] or 0) * DAY
    start = None if item["over"] is None else end - item["over"] * DAY
    inside = [row for row in own if row["at"] <= end and (start is None or row["at"] > start)]
    inside = [row for row in inside if CONDITIONS[item["where"]][1](row)]
    operation, column = item["target"]
    if operation == "count":
        return len(inside)
    values = [row[column or "at"] for row in inside if row[column or "at"] is not None]
    if operation == "sum":
        return sum(values)
    if operation == "distinct":
        return len(set(values))
    if operation == "list":
        return sorted(set(values))
    return _reduced(item, values) if values else None


def _as_known(row: Row) -> Row:
    known = dict(row)
    if known["delivered_at"] is not None and known["delivered_at"] > AS_OF:
        known["delivered_at"] = None
    both = known["delivered_at"] is not None and known["promised_at"] is not None
    known["on_time"] = known["delivered_at"] <= known["promised_at"] if both else None
    known["late"] = known["delivered_at"] > known["promised_at"] if both else None
    return known


def _reduced(item: Row, values: list[Any]) -> object:
    operation, column = item["target"]
    if operation == "days_since":
        when = min(values) if item["which"] == "first" else max(values)
        return (AS_OF - when) // DAY
    if operation in {"min", "max"}:
        return min(values) if operation == "min" else max(values)
    major = sorted(value / 100 if column == "revenue" else value for value in values)
    if operation == "mean":
        return sum(major) / len(major)
    place = item["q"] * (len(major) - 1)
    low, high = major[math.floor(place)], major[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


@settings(max_examples=60)
@given(items=st.lists(declarations(), min_size=1, max_size=12), rows=st.lists(SHIPMENTS, max_size=12))
def test_every_feature_is_what_plain_loops_say(values_of: Values, items: list[Row], rows: list[Row]) -> None:
    declared = {f"f{place}": written(item) for place, item in enumerate(items)}
    found = values_of(declared, {"shipments": rows}, customers=[{"customer": key} for key in (1, 2, 3)])
    for customer, values in found.items():
        for place, item in enumerate(items):
            answer = expected(item, rows, customer)
            wanted = pytest.approx(answer, rel=1e-9, abs=1e-9) if isinstance(answer, float) else answer
            assert values[f"f{place}"] == wanted, (declared[f"f{place}"], customer)
