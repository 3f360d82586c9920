"""Scores: points added up and cut into bands."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import evaluate
from kehu.rules.reading import read_rules
from kehu.rules.reasons import membership_reasons

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = {
    "days": FeatureType("integer", nullable=True),
    "count": FeatureType("integer"),
    "paid": FeatureType("decimal", scale=2),
}
POINTS = """
points:
  - {when: count > 0, points: 1}
  - first_of:
      - {when: paid >= 100, points: 5}
      - {when: paid >= 10, points: 3}
  - {when: (days ?? 999) > 90, points: -2}
"""
LEVELS = """
levels:
  - {level: high, label: {en: High, zh: 高}, at_least: 6}
  - {level: some, label: {en: Some, zh: 有}, at_least: 2}
"""
EXAMPLES = """
examples:
  - {given: {count: 1, paid: 100.00, days: 90}, expect: high}
  - {given: {count: 1, paid: 100.00, days: 91}, expect: some}
  - {given: {count: 1, paid: 99.99, days: 1}, expect: some}
  - {given: {}, expect: null}
"""
HEAD = "ruleset: worth\nkind: score\nlabel: {en: Worth, zh: 价值}\n"


def read(points: str = POINTS, levels: str = LEVELS, examples: str = EXAMPLES) -> tuple[RuleBook, list[str]]:
    book, problems = read_rules({"worth.yaml": HEAD + points.lstrip() + levels.lstrip() + examples.lstrip()}, SCHEMA)
    return book, [str(problem) for problem in problems]


def test_a_score_is_a_tier_written_otherwise() -> None:
    book, problems = read()
    assert problems == []
    (ruleset,) = book.rulesets
    assert (ruleset.kind, ruleset.written, [level.code for level in ruleset.levels]) == (
        "tier",
        "score",
        ["high", "some"],
    )


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.none() | st.integers(80, 100), st.integers(0, 2), st.integers(-100, 12_000)),
        min_size=1,
        max_size=8,
    )
)
def test_the_levels_are_those_of_a_plain_sum(rows: list[tuple[int | None, int, int]]) -> None:
    book, _ = read()
    features = pl.DataFrame(rows, schema={"days": pl.Int64(), "count": pl.Int64(), "paid": pl.Int64()}, orient="row")
    found = evaluate(book, features.with_row_index("customer").cast({"customer": pl.Int64}), AS_OF).memberships
    expected = []
    for number, (days, count, cents) in enumerate(rows):
        score = (count > 0) + (5 if cents >= 10_000 else 3 if cents >= 1_000 else 0)
        score -= 2 if (999 if days is None else days) > 90 else 0
        if score >= 2:
            expected.append((number, "worth", "high" if score >= 6 else "some"))
    assert sorted(found.rows()) == expected


def test_a_reason_names_the_features_of_all_points() -> None:
    book, _ = read()
    features = pl.DataFrame({"customer": [7], "days": [3], "count": [1], "paid": [12_345]})
    memberships = evaluate(book, features, AS_OF).memberships
    (reason,) = membership_reasons(book, features, memberships)
    assert '"features":{"count":1,"days":3,"paid":"123.45"}' in reason
    assert ">= 6" in reason


@pytest.mark.parametrize(
    ("_case", "points", "levels", "expected"),
    [
        (
            "a feature nobody declared, where it stands",
            "points:\n  - {when: cuont > 0, points: 1}\n",
            LEVELS,
            "worth.yaml:5:12: error[unknown-feature]: unknown feature 'cuont' (did you mean 'count'?)",
        ),
        (
            "a condition that is none",
            "points:\n  - {when: count + 1, points: 1}\n",
            LEVELS,
            "worth.yaml:5:12: error[condition-not-boolean]",
        ),
        ("half a point", "points:\n  - {when: count > 0, points: 0.5}\n", LEVELS, "worth.yaml:5:31: error[bad-points]"),
        ("no points", "points: []\n", LEVELS, "worth.yaml:4:9: error[wrong-shape]: a score needs points"),
        (
            "points of another name",
            "points:\n  - {if: count > 0, points: 1}\n",
            LEVELS,
            "worth.yaml:5:5: error[missing-key]",
        ),
        (
            "a condition beside the bound",
            POINTS,
            "levels:\n  - {level: high, label: {en: High, zh: 高}, when: count > 0}\n",
            "worth.yaml:11:5: error[level-condition]: level 'high' needs either 'at_least' or 'otherwise: true'",
        ),
        (
            "a keeping bound that is no number",
            POINTS,
            LEVELS.replace("at_least: 2", "at_least: 2, keep_at_least: few"),
            "worth.yaml:12:73: error[bad-points]: 'keep_at_least' must be a whole number",
        ),
        (
            "bounds that rise",
            POINTS,
            LEVELS.replace("at_least: 2", "at_least: 6"),
            "worth.yaml:12:55: error[unreachable-level]: a score of 6 is taken by the level above, from 6 on",
        ),
    ],
)
def test_a_wrong_score_is_told_where_it_stands(_case: str, points: str, levels: str, expected: str) -> None:
    book, problems = read(points, levels)
    assert book.rulesets == ()
    assert [problem for problem in problems if problem.startswith(expected)] != [], problems


def test_a_score_has_the_examples_of_a_tier() -> None:
    _, problems = read(examples=EXAMPLES.replace("99.99, days: 1}, expect: some", "99.99, days: 1}, expect: high"))
    (problem,) = problems
    assert "error[example-fails]: expected 'high', but the rules give 'some'" in problem
