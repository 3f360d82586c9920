"""Shares, first and last values, standings among all customers, models."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.bg_nbd import p_alive
from kehu.features.catalogue import read_catalogue

AS_OF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Values = Callable[..., dict[int, dict[str, Any]]]
Declared = Mapping[str, Mapping[str, object]]
SAID = "unit: u\n  label: {en: e, zh: 中}\n  meaning: m"


def shipped(days_ago: float, payer: int = 1, **more: object) -> dict[str, object]:
    return {"at": AS_OF - days_ago * DAY, "payer_id": payer, **more}


@pytest.mark.parametrize(
    ("_case", "rows", "expected"),
    [
        ("no event", [], None),
        ("all", [shipped(1, service="air")], 1.0),
        (
            "a third, unknown ones count in the whole",
            [shipped(1, service="air"), shipped(2), shipped(3, service="x")],
            1 / 3,
        ),
        ("outside the window", [shipped(10, service="air"), shipped(2, service="x")], 0.0),
    ],
)
def test_a_share_is_of_the_events_in_the_window(
    _case: str, rows: list[dict[str, object]], expected: float | None, values_of: Values
) -> None:
    declared = {"air": {"share": "shipments", "of": 'service == "air"', "over": "10 days"}}
    assert values_of(declared, {"shipments": rows})[1]["air"] == expected


@pytest.mark.parametrize(
    ("_case", "rows", "first", "last"),
    [
        ("no event", [], None, None),
        ("in time, not as recorded", [shipped(1, service="b"), shipped(3, service="a")], "a", "b"),
        ("events without a value are passed over", [shipped(1), shipped(2, service="b"), shipped(3)], "b", "b"),
        ("at one instant the order of recording", [shipped(1, service="a"), shipped(1, service="b")], "a", "b"),
        ("before the window", [shipped(31, service="old"), shipped(2, service="new")], "new", "new"),
    ],
)
def test_first_and_last_are_the_known_values_in_time(
    _case: str, rows: list[dict[str, object]], first: str | None, last: str | None, values_of: Values
) -> None:
    declared = {
        "one": {"first": "shipments.service", "over": "31 days"},
        "other": {"last": "shipments.service", "over": "31 days"},
    }
    found = values_of(declared, {"shipments": rows})[1]
    assert (found["one"], found["other"]) == (first, last)


@settings(max_examples=30)
@given(amounts=st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=12))
def test_standings_are_those_of_a_plain_count(amounts: list[int | None], values_of: Values) -> None:
    declared = {
        "best": {"max": "shipments.revenue"},
        "rank": {"rank_of": "best"},
        "percentile": {"percentile_of": "best"},
        "twice": {"formula": "(rank ?? 0) * 2"},
    }
    rows = [shipped(1, payer=number, revenue=amount) for number, amount in enumerate(amounts)]
    customers = [{"customer": number} for number in range(len(amounts))]
    found = values_of(declared, {"shipments": rows}, customers=customers)
    known = [amount for amount in amounts if amount is not None]
    for number, amount in enumerate(amounts):
        if amount is None:
            assert (found[number]["rank"], found[number]["percentile"], found[number]["twice"]) == (None, None, 0)
            continue
        assert found[number]["rank"] == 1 + sum(other > amount for other in known)
        assert found[number]["percentile"] == pytest.approx(sum(other <= amount for other in known) / len(known))
        assert found[number]["twice"] == 2 * found[number]["rank"]


def test_a_model_gets_the_features_it_names(values_of: Values) -> None:
    declared = {
        "days": {"distinct": "shipments.day"},
        "first_days": {"days_since": "shipments", "which": "first"},
        "last_days": {"days_since": "shipments"},
        "alive": {
            "model": "bg_nbd",
            "with": {"purchases": "days", "first_days": "first_days", "last_days": "last_days"},
        },
    }
    rows = [shipped(300 - 7 * week, payer) for payer in range(60) for week in range(1 + payer % 20)]
    customers = [{"customer": number} for number in range(61)]
    found = values_of(declared, {"shipments": rows}, customers=customers)
    inputs = pl.DataFrame(list(found.values())).select(purchases="days", first_days="first_days", last_days="last_days")
    assert [row["alive"] for row in found.values()] == p_alive(inputs).to_list()
    assert found[60]["alive"] is None
    assert 0 < found[19]["alive"] < 1


@pytest.mark.parametrize(
    ("_case", "item", "expected"),
    [
        ("a share of nothing said", "share: shipments", "2:3: error[feature-of]: 'x' does not say of which"),
        ("a share of a column", "share: shipments.late\n  of: late", "2:10: error[feature]: share takes events"),
        ("a wrong condition", "share: shipments\n  of: servce == 'a'", "3:7: error[unknown-feature]: unknown feature"),
        ("the rank of nothing", "rank_of: revenu", "2:12: error[feature]: unknown feature 'revenu'"),
        ("the rank of a word", "rank_of: word", "2:12: error[feature]: rank_of needs numbers, 'word' holds strings"),
        ("the rank of itself", "rank_of: x", "2:3: error[feature-cycle]: these features need each other: x → x"),
        ("the first contact", "first: contacts.title", "2:10: error[feature]: contacts happen at no instant"),
        ("a model nobody has", "model: bg_nbdd", "2:10: error[feature]: no model 'bg_nbdd' is installed (did you mean"),
        (
            "a model without its inputs",
            "model: bg_nbd\n  with: {purchases: number}",
            "3:9: error[feature-with]: model 'bg_nbd' needs a feature for each of purchases, first_days, last_days",
        ),
        ("a window of a rank", "rank_of: number\n  over: 3 days", "3:3: error[feature-key]: 'over' means nothing to"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_place(_case: str, item: str, expected: str) -> None:
    others = f"word:\n  attribute: region\n  {SAID}\nnumber:\n  count: shipments\n  {SAID}\n"
    catalogue, problems = read_catalogue({"f.yaml": f"x:\n  {item}\n  {SAID}\n{others}"}, 2)
    assert [str(problem).removeprefix("f.yaml:")[: len(expected)] for problem in problems] == [expected]
    assert {"word", "number"} <= set(catalogue.schema)
