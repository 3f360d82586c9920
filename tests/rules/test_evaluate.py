"""Bulk answers are the interpreter's answers, customer by customer."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Schema
from kehu.model.problems import RefusedError
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.compiler import Compiled
from kehu.rules.evaluate import compile_book, evaluate
from kehu.rules.interpreter import Interpreter, engine_row
from kehu.rules.reading import read_rules

AS_OF = datetime(2024, 6, 30, tzinfo=UTC)
RULES = Path(__file__).parents[2] / "rules"

CADENCE = """
ruleset: cadence
kind: tier
label: {en: Cadence, zh: 节奏}
levels:
  - level: dense
    label: {en: Dense, zh: 密}
    when: revenue_365d / shipments_365d < 100
  - level: sparse
    label: {en: Sparse, zh: 疏}
    when: shipments_365d > 0
  - level: none
    label: {en: None, zh: 无}
    otherwise: true
examples:
  - {given: {revenue_365d: 199.99, shipments_365d: 2}, expect: dense}
  - {given: {revenue_365d: 200, shipments_365d: 2}, expect: sparse}
  - {given: {}, expect: none}
"""
MARKS = """
ruleset: marks
kind: flag
label: {en: Marks, zh: 标识}
levels:
  - level: big
    label: {en: Big, zh: 大}
    when: revenue_365d >= 100
  - level: eastern
    label: {en: Eastern, zh: 华东}
    when: region == "华东"
examples:
  - {given: {revenue_365d: 100, region: 华东}, expect: [big, eastern]}
  - {given: {revenue_365d: 99.99}, expect: []}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: fewer
    label: {en: Fewer, zh: 减少}
    when: shipments_90d < shipments_prev_90d
    severity: high
    route: [account_management]
    reason: "fell from {shipments_prev_90d} to {shipments_90d} in {region}"
examples:
  - {given: {shipments_prev_90d: 2, shipments_90d: 1}, expect: fewer}
  - {given: {shipments_prev_90d: 1, shipments_90d: 1}, expect: []}
"""


def test_a_tier_gives_the_first_level_that_matches(schema: Schema) -> None:
    found = evaluate(book_of(schema, CADENCE), customers(schema, THREE), AS_OF)
    assert found.memberships.rows() == [(7, "cadence", "dense"), (8, "cadence", "sparse"), (9, "cadence", "none")]
    assert found.memberships.schema == {"customer": pl.Int64, "ruleset": pl.String, "level": pl.String}


def test_a_condition_that_fails_is_counted_and_does_not_match(schema: Schema) -> None:
    found = evaluate(book_of(schema, CADENCE), customers(schema, THREE), AS_OF)
    assert found.row_errors == {"cadence/dense": 1}


def test_a_customer_may_hold_several_flags_or_none(schema: Schema) -> None:
    found = evaluate(book_of(schema, MARKS), customers(schema, THREE), AS_OF)
    assert found.memberships.rows() == [(7, "marks", "big"), (8, "marks", "big"), (8, "marks", "eastern")]
    assert found.row_errors == {}


def test_warnings_carry_their_severity(schema: Schema) -> None:
    found = evaluate(book_of(schema, SIGNS), customers(schema, THREE), AS_OF)
    assert found.warnings.rows() == [(9, "signs", "fewer", "high")]
    assert found.memberships.rows() == []


def test_no_customers_are_in_no_level(schema: Schema) -> None:
    found = evaluate(book_of(schema, CADENCE, MARKS, SIGNS), customers(schema, []), AS_OF)
    assert (len(found.memberships), len(found.warnings), found.row_errors) == (0, 0, {"cadence/dense": 0})


def test_an_empty_book_answers_nothing(schema: Schema) -> None:
    found = evaluate(book_of(schema), customers(schema, THREE), AS_OF)
    assert (len(found.memberships), len(found.warnings), found.row_errors) == (0, 0, {})


BROKEN = [
    ("an absent column", lambda frame: frame.drop("region"), "feature 'region' is not computed"),
    ("a float for an amount", lambda frame: frame.cast({"revenue_365d": pl.Float64}), "is Float64, not Int64"),
    ("null where never unknown", lambda frame: frame.with_columns(revenue_365d=None).cast({"revenue_365d": pl.Int64}),
     "3 customers have no value or more than 15 digits"),
    ("too many digits", lambda frame: frame.with_columns(revenue_365d=pl.lit(10**15)), "more than 15 digits"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "breaking", "said"), BROKEN)
def test_features_that_break_their_contract_are_refused(
    _case: str, breaking: object, said: str, schema: Schema
) -> None:
    assert callable(breaking)
    with pytest.raises(RefusedError, match=said):
        evaluate(book_of(schema, MARKS), breaking(customers(schema, THREE)), AS_OF)


def test_a_float_that_is_no_number_is_refused(schema: Schema) -> None:
    text = MARKS.replace("revenue_365d >= 100", "(gap_p90_days ?? 0) >= 100").replace("revenue_365d", "gap_p90_days")
    frame = customers(schema, THREE).with_columns(gap_p90_days=pl.lit(float("nan")))
    with pytest.raises(RefusedError, match="3 customers have no finite number"):
        evaluate(book_of(schema, text), frame, AS_OF)


@pytest.mark.parametrize("seed", range(3))
def test_the_default_rules_answer_as_the_interpreter(seed: int, schema: Schema) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in RULES.glob("*.yaml")}
    del texts["identity.yaml"]
    book, problems = read_rules({**texts, "cadence.yaml": CADENCE}, schema)
    assert problems == []
    frame = random_customers(random.Random(seed), schema, 300)
    found = evaluate(book, frame, AS_OF)
    compiled = compile_book(book, AS_OF)
    expected = [
        (row["customer"], *answer) for row in frame.iter_rows(named=True) for answer in oracle(book, compiled, row)
    ]
    assert sorted(found.memberships.rows()) == sorted(row for row in expected if len(row) == 3)
    fired = [row[:3] for row in found.warnings.rows()]
    assert sorted(fired) == sorted((row[0], row[1], row[2]) for row in expected if len(row) == 4)
    assert {level for _, _, level in found.memberships.rows()} >= {"vip", "lost", "dense", "growing"}


THREE: list[dict[str, object]] = [
    {"customer": 7, "revenue_365d": 19_999, "shipments_365d": 2, "region": None},
    {"customer": 8, "revenue_365d": 10_000, "shipments_365d": 1, "region": "华东"},
    {"customer": 9, "revenue_365d": 9_999, "shipments_365d": 0, "shipments_90d": 1, "shipments_prev_90d": 2},
]


def book_of(schema: Schema, *texts: str) -> RuleBook:
    book, problems = read_rules({f"{index}.yaml": text for index, text in enumerate(texts)}, schema)
    assert problems == []
    return book


def customers(schema: Schema, rows: list[dict[str, object]]) -> pl.DataFrame:
    types = {"customer": pl.Int64()} | {name: POLARS_TYPES[kind.kind] for name, kind in schema.items()}
    complete = [{name: neutral(kind) for name, kind in schema.items()} | row for row in rows]
    return pl.DataFrame(complete, schema=types)


def neutral(kind: FeatureType) -> object:
    if kind.nullable:
        return None
    return kind.words[0] if kind.words else {"float": 0.0, "string": "", "boolean": False}.get(kind.kind, 0)


def random_customers(dice: random.Random, schema: Schema, count: int) -> pl.DataFrame:
    def value(kind: FeatureType) -> object:
        if kind.nullable and dice.random() < 0.2:
            return None
        match kind.kind:
            case "integer":
                return dice.choice([0, 1, 2, 3, 5, 6, 10, 12, 14, 24, 90, 91, 100, 180, 181, 600, 1095, 2000])
            case "decimal":
                return dice.choice([-100, 0, 10**6, 2 * 10**6, 26 * 10**5, 3 * 10**7, 49_999_999, 5 * 10**7, 10**8])
            case "float":
                return dice.choice([0.0, 0.94, 0.95, 1.0, 2.9, 3.0, 13.9, 14.0, 5000.0])
        return dice.choice(kind.words or ("华东", "华南", ""))

    rows = [{"customer": at, **{name: value(kind) for name, kind in schema.items()}} for at in range(count)]
    return customers(schema, rows)


def oracle(
    book: RuleBook, compiled: Mapping[tuple[str, str], Compiled], row: dict[str, object]
) -> list[tuple[str, ...]]:
    answers: list[tuple[str, ...]] = []
    for ruleset in book.rulesets:
        holds = {
            code: Interpreter(compiled[ruleset.code, code].root).outcome(engine_row(row, book.schema)) is True
            for code, _ in ruleset.conditions()
        }
        answers += _held(ruleset, holds)
    return answers


def _held(ruleset: RuleSet, holds: dict[str, bool]) -> list[tuple[str, ...]]:
    levels = [(ruleset.code, level.code) for level in ruleset.levels if holds.get(level.code, True)]
    fired = [(ruleset.code, rule.code, rule.severity) for rule in ruleset.warnings if holds[rule.code]]
    return [*(levels[:1] if ruleset.kind == "tier" else levels), *fired]
