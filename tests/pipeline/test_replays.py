"""Replays know nothing of what came later, and count what they should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.model.durations import DAY_MICROS
from kehu.model.problems import RefusedError
from kehu.pipeline.facts import Facts
from kehu.pipeline.replays import Past, Terms, best_window, payments_of, replay, sign_of
from kehu.pipeline.snapshots import Read
from kehu.pipeline.truth import Truth
from kehu.rules.book import RuleBook
from kehu.rules.measures import Counts
from kehu.rules.reading import read_rules

CUTOFF = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = Terms(horizon=30 * DAY, active=30 * DAY)
FEATURES = """
shipments_30d:
  {count: shipments, over: 30 days, where: 'status != "cancelled"', unit: u, label: {en: e, zh: 中}, meaning: m}
days_since_last_shipment: {days_since: shipments, unit: days, label: {en: e, zh: 中}, meaning: m}
delivered: {count: shipments, where: delivered_at != null, unit: u, label: {en: e, zh: 中}, meaning: m}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: d
warnings:
  - {warning: rare, label: {en: e, zh: 中}, when: shipments_30d < 2, severity: low, route: [sales], reason: r}
  - warning: quiet
    label: {en: e, zh: 中}
    when: (days_since_last_shipment ?? 0) >= 10 and delivered < 3
    severity: low
    route: [sales]
    reason: r
examples:
  - {given: {shipments_30d: 1}, expect: rare}
  - {given: {shipments_30d: 2}, expect: []}
  - {given: {shipments_30d: 2, days_since_last_shipment: 10}, expect: quiet}
"""
INSTANT = pl.Datetime("us", "UTC")
SCHEMA = {"payer_id": pl.Int64(), "at": INSTANT, "status": pl.String(), "delivered_at": INSTANT}
Event = tuple[int | None, timedelta, str | None, timedelta | None]


def rules() -> tuple[Catalogue, RuleBook, str]:
    catalogue, problems = read_catalogue({"f.yaml": FEATURES}, 2)
    book, found = read_rules({"r.yaml": SIGNS}, catalogue.schema)
    assert [str(problem) for problem in (*problems, *found)] == []
    return catalogue, book, book.rulesets[0].code


RULES = rules()


def past(*events: Event) -> Past:
    """Events by payer, days after the cut-off, status and days to delivery; customers 1 to 4."""
    rows = [
        (payer, CUTOFF + after, status, None if delivery is None else CUTOFF + after + delivery)
        for payer, after, status, delivery in events
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    snapshot = Read(Facts(pl.DataFrame({"customer": [1, 2, 3, 4]}), {"shipments": frame}))
    return Past(snapshot, payments_of(snapshot))


def plain(payer: int, *days: int) -> list[Event]:
    return [(payer, day * DAY, "accepted", None) for day in days]


def test_each_sign_is_counted_at_each_cut_off() -> None:
    known = past(*plain(1, -20, -12), *plain(2, -5, -4, 3), *plain(3, -25, 40), *plain(4, -70))
    later = CUTOFF + 5 * DAY
    cases = replay(known, RULES, None, [CUTOFF, later], TERMS)
    rare = sign_of(cases, "rare", pl.col("sign rare"))
    quiet = sign_of(cases, "quiet", pl.col("sign quiet"))
    assert cases.select("cutoff", "customer", "churned").rows() == [
        (CUTOFF, 1, True),
        (CUTOFF, 2, False),
        (CUTOFF, 3, True),
        (later, 1, True),
        (later, 2, True),
    ]
    assert rare.by_cutoff == (Counts(3, 2, 1, 1), Counts(2, 2, 0, 0))
    assert quiet.by_cutoff == (Counts(3, 2, 2, 2), Counts(2, 2, 1, 1))
    assert quiet.counts == Counts(5, 4, 3, 3)


def test_lead_is_counted_from_the_first_flag_of_a_silence_to_its_outlasting_the_horizon() -> None:
    known = past(*plain(1, -12), *plain(2, -20, -14))
    cases = replay(known, RULES, None, [CUTOFF, CUTOFF + 5 * DAY], TERMS)
    assert sign_of(cases, "quiet", pl.col("sign quiet")).lead_days == 17.0
    assert sign_of(cases, "never", pl.lit(value=False)).lead_days is None


def test_by_a_truth_leaving_is_what_it_says_and_silence_is_not() -> None:
    """1 leaves between the cut-offs, 2 is silent and stays, 3 ships on after leaving, 4 left before the active time."""
    left = {1: CUTOFF + 2 * DAY, 2: None, 3: CUTOFF - 10 * DAY, 4: CUTOFF - 30 * DAY}
    outcomes = pl.DataFrame(list(left.items()), schema={"customer": pl.Int64(), "left_at": INSTANT}, orient="row")
    terms = replace(TERMS, truth=Truth("left.csv", outcomes, ()))
    known = past(*plain(1, -20, -12), *plain(2, -20, -12), *plain(3, -3, 3), *plain(4, -5, 3))
    later = CUTOFF + 5 * DAY
    cases = replay(known, RULES, None, [CUTOFF, later], terms)
    quiet = sign_of(cases, "quiet", pl.col("sign quiet"))
    assert cases.select("cutoff", "customer", "churned").rows() == [
        (CUTOFF, 1, True),
        (CUTOFF, 2, False),
        (CUTOFF, 3, True),
        (later, 1, True),
        (later, 2, False),
        (later, 3, True),
    ]
    assert quiet.by_cutoff == (Counts(3, 2, 2, 1), Counts(3, 2, 2, 1))
    assert (quiet.in_time, quiet.lead_days) == (1, 2.0)
    rare = sign_of(cases.filter(customer=3), "rare", pl.col("sign rare"))
    assert (rare.in_time, rare.lead_days) == (0, -10.0)


@pytest.mark.parametrize(
    ("_case", "left_after", "expected"),
    [
        ("as the active time begins: gone before", -30 * DAY, {}),
        ("a moment later", timedelta(microseconds=1) - 30 * DAY, {1: True}),
        ("as the horizon ends", 30 * DAY, {1: True}),
        ("a moment later: not yet", timedelta(microseconds=1) + 30 * DAY, {1: False}),
        ("never", None, {1: False}),
    ],
)
def test_leavings_count_from_the_active_times_beginning_to_the_horizons_end(
    _case: str, left_after: timedelta | None, expected: dict[int, bool]
) -> None:
    instant = None if left_after is None else CUTOFF + left_after
    outcomes = pl.DataFrame({"customer": [1], "left_at": [instant]}, schema_overrides={"left_at": INSTANT})
    terms = replace(TERMS, truth=Truth("left.csv", outcomes, ()))
    cases = replay(past(*plain(1, -1), *plain(2, -1)), RULES, None, [CUTOFF], terms)
    assert dict(cases.select("customer", "churned").rows()) == expected


def test_cancelled_shipments_and_those_of_nobody_are_none() -> None:
    known = past((1, -DAY, "cancelled", None), (None, -DAY, "accepted", None), (2, -DAY, None, None))
    assert known.payments["customer"].to_list() == [2]


def test_a_condition_narrows_the_customers() -> None:
    known = past(*plain(1, -20, -12), *plain(2, -5))
    narrowed = Terms(TERMS.horizon, TERMS.active, "shipments_30d >= 2")
    assert replay(known, RULES, None, [CUTOFF], narrowed)["customer"].to_list() == [1]
    wrong = Terms(TERMS.horizon, TERMS.active, "shipments_31d >= 2")
    with pytest.raises(RefusedError, match=r"--among:1:1: .*unknown feature 'shipments_31d' \(did you mean"):
        replay(known, RULES, None, [CUTOFF], wrong)


def test_a_level_is_a_sign() -> None:
    text = SIGNS.replace("kind: warning", "kind: flag").replace("warnings:", "levels:").replace("warning:", "level:")
    text = text.replace(", severity: low, route: [sales], reason: r", "").replace("    severity: low\n", "")
    text = text.replace("    route: [sales]\n    reason: r\n", "")
    book, problems = read_rules({"r.yaml": text}, RULES[0].schema)
    assert problems == []
    rules = (RULES[0], book, book.rulesets[0].code)
    cases = replay(past(*plain(1, -12), *plain(2, -2)), rules, "quiet", [CUTOFF], TERMS)
    assert cases.select("customer", "sign quiet").rows() == [(1, True), (2, False)]
    assert [name for name in cases.columns if name.startswith("sign ")] == ["sign quiet"]


AFTER = st.timedeltas(timedelta(microseconds=1), 100 * DAY)
BEFORE = st.timedeltas(-100 * DAY, timedelta())
STATUS = st.sampled_from(["accepted", "cancelled", None])
DELIVERY = st.none() | st.timedeltas(timedelta(), 20 * DAY)


def events(ages: st.SearchStrategy[timedelta]) -> st.SearchStrategy[list[Event]]:
    return st.lists(st.tuples(st.integers(1, 4), ages, STATUS, DELIVERY), max_size=12)


@settings(max_examples=50)
@given(known=events(BEFORE), later=events(AFTER), changed=DELIVERY)
def test_what_came_later_changes_no_flag(known: list[Event], later: list[Event], changed: timedelta | None) -> None:
    """Neither new events nor deliveries after the cut-off of old ones change who was active and flagged."""
    undelivered = [
        (payer, at, status, None if delivery is None or at + delivery > timedelta() else delivery)
        for payer, at, status, delivery in known
    ]
    told = [
        (payer, at, status, timedelta(microseconds=1) - at + changed if delivery is None and changed else delivery)
        for payer, at, status, delivery in undelivered
    ]
    flags = [
        replay(past(*given_events), RULES, None, [CUTOFF], TERMS).drop("churned")
        for given_events in (undelivered, [*told, *later])
    ]
    assert flags[0].equals(flags[1])


@settings(max_examples=60)
@given(cases=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=20))
def test_the_best_window_is_the_best_of_all(cases: list[tuple[int, bool]]) -> None:
    """Silences in quarters of days."""
    quarters = [(silent * DAY_MICROS // 4, churned) for silent, churned in cases]
    frame = pl.DataFrame(quarters, schema={"silent_micros": pl.Int64(), "churned": pl.Boolean()}, orient="row")
    found = best_window(frame, 10)
    left = sum(churned for _, churned in cases)
    if not left:
        assert found is None
        return
    scores = {}
    for window in range(1, 11):
        flagged = [churned for silent, churned in cases if silent >= 4 * window]
        scores[window] = 2 * sum(flagged) / (len(flagged) + left)
    assert found == min(window for window, score in scores.items() if score == max(scores.values()))
