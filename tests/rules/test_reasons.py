"""Each membership and warning says why, with the numbers."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType, Label, Schema
from kehu.rules.book import Level, RuleBook, RuleSet
from kehu.rules.evaluate import evaluate
from kehu.rules.reading import read_rules
from kehu.rules.reasons import membership_reasons, warning_reasons

AS_OF = datetime(2024, 6, 30, tzinfo=UTC)
SCHEMA: Schema = {
    "revenue": FeatureType("decimal", scale=2),
    "count": FeatureType("integer"),
    "rate": FeatureType("float", nullable=True),
    "region": FeatureType("string", nullable=True),
    "last_at": FeatureType("instant", nullable=True),
}
TIER = """
ruleset: tier
kind: tier
label: {en: Tier, zh: 等级}
levels:
  - level: big
    label: {en: Big, zh: 大}
    when: revenue >= 100 and (region ?? "") != "x"
  - level: late
    label: {en: Late, zh: 晚}
    when: (rate ?? 1) < 0.9 or last_at == null
  - level: rest
    label: {en: Rest, zh: 其余}
    otherwise: true
examples:
  - {given: {revenue: 100}, expect: big}
  - {given: {rate: 0.8}, expect: late}
  - {given: {rate: 0.9, last_at: 2024-01-01T00:00:00Z}, expect: rest}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: slow
    label: {en: Slow, zh: 慢}
    when: (rate ?? 1) < 0.9
    severity: low
    route: [operations]
    reason: "准时率 {rate}, revenue {revenue}, {region}, 最近 {last_at}"
examples:
  - {given: {rate: 0.8}, expect: slow}
  - {given: {}, expect: []}
"""
LAST = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
FRAME = pl.DataFrame(
    {
        "customer": [3, 1, 2],
        "revenue": [51_200_000, -5, 7],
        "count": [0, 0, 0],
        "rate": [None, 0.125, 0.95],
        "region": ['华"东', None, "x"],
        "last_at": [None, LAST, LAST.replace(microsecond=250)],
    },
    schema_overrides={"last_at": pl.Datetime("us", "UTC")},
)


@pytest.fixture
def book() -> RuleBook:
    book, problems = read_rules({"tier.yaml": TIER, "signs.yaml": SIGNS}, SCHEMA)
    assert problems == []
    return book


def test_a_membership_names_its_condition_and_the_values_used(book: RuleBook) -> None:
    found = evaluate(book, FRAME, AS_OF).memberships.sort("customer")
    reasons = [json.loads(reason) for reason in membership_reasons(book, FRAME, found)]
    assert reasons == [
        {
            "when": "(rate ?? 1) < 0.9 or last_at == null",
            "features": {"last_at": "2024-01-02T03:04:05Z", "rate": 0.125},
            "next": {"region": None, "revenue": "-0.05"},
        },
        {
            "when": "otherwise",
            "features": {"last_at": "2024-01-02T03:04:05.000250Z", "rate": 0.95, "region": "x", "revenue": "0.07"},
        },
        {
            "when": 'revenue >= 100 and (region ?? "") != "x"',
            "features": {"region": '华"东', "revenue": "512000.00"},
        },
    ]


def test_no_membership_has_no_reason(book: RuleBook) -> None:
    nobody = evaluate(book, FRAME, AS_OF).memberships.clear()
    assert membership_reasons(book, FRAME, nobody).to_list() == []
    assert membership_reasons(book, FRAME.clear(), nobody).to_list() == []


def test_a_warning_fills_its_text(book: RuleBook) -> None:
    fired = evaluate(book, FRAME, AS_OF).warnings
    reasons = warning_reasons(book, FRAME, fired)
    assert reasons["reason"].to_list() == ["准时率 0.12, revenue -0.05, unknown, 最近 2024-01-02T03:04:05Z"]
    assert json.loads(reasons["reasons"][0]) == {
        "when": "(rate ?? 1) < 0.9",
        "features": {"last_at": "2024-01-02T03:04:05Z", "rate": 0.125, "region": None, "revenue": "-0.05"},
    }


@given(scale=st.integers(1, 9), cents=st.lists(st.integers(-(10**18) + 1, 10**18 - 1) | st.none(), min_size=1))
def test_amounts_are_written_with_all_their_decimals(scale: int, cents: Sequence[int | None]) -> None:
    told = _told({"amount": FeatureType("decimal", nullable=True, scale=scale, digits=18)}, cents)
    assert told == [None if each is None else f"{Decimal(each).scaleb(-scale):f}" for each in cents]


def test_a_feature_may_be_called_like_a_row() -> None:
    assert _told({"row": FeatureType("integer", nullable=True)}, [7, None]) == [7, None]


def test_a_membership_of_nobody_known_is_refused(book: RuleBook) -> None:
    found = evaluate(book, FRAME, AS_OF).memberships.with_columns(customer=pl.col("customer") + 10)
    for features in (FRAME, FRAME.clear()):
        with pytest.raises(KeyError, match="customer 13 has no features"):
            membership_reasons(book, features, found)


def _told(schema: Schema, values: Sequence[int | None]) -> list[object]:
    """The one feature of the schema as the reasons tell it, customers in falling order."""
    (name,) = schema
    level = Level("known", Label("Known", "已知"), f"{name} == {name}", otherwise=False)
    item = RuleSet("asked", "flag", Label("Asked", "问"), "", (level,), (), "asked.yaml", "", "")
    customers = list(range(len(values), 0, -1))
    features = pl.DataFrame({"customer": customers, name: values}, schema_overrides={name: pl.Int64()})
    rows = pl.DataFrame({"customer": customers, "ruleset": "asked", "level": "known"})
    reasons = membership_reasons(RuleBook((item,), "", schema), features, rows)
    return [json.loads(reason)["features"][name] for reason in reasons]
