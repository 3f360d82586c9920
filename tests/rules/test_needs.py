"""What a customer lacks, in numbers that meet the condition exactly."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.needs import need_of
from kehu.rules.truths import truth_of

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA: Schema = {
    "revenue": FeatureType("decimal", scale=2),
    "n": FeatureType("integer"),
    "c": FeatureType("integer"),
    "rate": FeatureType("float", nullable=True),
    "days": FeatureType("integer", nullable=True),
    "kind": FeatureType("string", words=("company", "person")),
    "asked": FeatureType("boolean", nullable=True),
    "at": FeatureType("instant"),
}
ROW = {"revenue": 4_820_000, "n": 12, "c": 5, "rate": 0.95, "days": None, "kind": "company", "asked": None, "at": AS_OF}


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("an amount", "revenue >= 60000", "revenue is 48,200.00, needs 60,000.00: 11,800.00 more"),
        ("beyond an amount", "revenue > 48200", "revenue is 48,200.00, needs 48,200.01: 0.01 more"),
        ("beyond a number between the steps", "n > 12.5", "n is 12, needs 13: 1 more"),
        ("no more than", "c <= 3", "c is 5, needs at most 3: 2 fewer"),
        ("below", "c < 3", "c is 5, needs at most 2: 3 fewer"),
        ("the number first", "3 > c", "c is 5, needs at most 2: 3 fewer"),
        ("less money", "revenue < 100", "revenue is 48,200.00, needs at most 99.99: 48,100.01 less"),
        ("a float has no steps", "(rate ?? 1) > 0.99", "rate is 0.95, needs more than 0.99: 0.04 more"),
        ("a float at the edge", "(rate ?? 1) < 0.95", "rate is 0.95, needs less than 0.95"),
        ("an unknown one", "(days ?? 9999) <= 180", "days is unknown (taken for 9,999), needs at most 180"),
        ("exactly", "n == 5", "n is 12, needs 5: 7 fewer"),
        ("another one", "n != 12", "n is 12, needs anything but 12"),
        ("a word", 'kind == "person"', "kind is 'company', needs 'person'"),
        ("known at all", "days != null", "days is unknown, needs to be known"),
        ("a truth", "asked", "asked is unknown, needs true"),
        ("a denied clause", "not (n > 3)", "n is 12, needs at most 3: 9 fewer"),
        (
            "measured by other features",
            "revenue >= 1.1 * (n * 10000)",
            "revenue is 48,200.00, needs 132,000.00 (1.1 * (n * 10000)): 83,800.00 more",
        ),
        (
            "all of several",
            "n > 3 and n >= 20 and c < 3",
            "n is 12, needs 20: 8 more and c is 5, needs at most 2: 3 fewer",
        ),
        (
            "any of several",
            "n >= 20 or (c < 3 and kind == 'person')",
            "n is 12, needs 20: 8 more or (c is 5, needs at most 2: 3 fewer and kind is 'company', needs 'person')",
        ),
        (
            "none of several",
            "not (n > 3 or c > 1)",
            "n is 12, needs at most 3: 9 fewer and c is 5, needs at most 1: 4 fewer",
        ),
        (
            "any of several denied",
            "not (n > 3 and c > 1)",
            "n is 12, needs at most 3: 9 fewer or c is 5, needs at most 1: 4 fewer",
        ),
        ("what has no distance", "revenue / n > 5000", "'revenue / n > 5000' is false (n is 12, revenue is 48,200.00)"),
        ("what fails", "n / (n - 12) > 3", "'n / (n - 12) > 3' cannot be computed (n is 12)"),
        ("an instant", 'at > d"2025-01-01"', "'at > d\"2025-01-01\"' is false (at is 2024-01-01T00:00:00Z)"),
    ],
)
def test_what_lacks_is_a_sentence(_case: str, text: str, expected: str) -> None:
    need = need_of(text, ROW, SCHEMA, AS_OF)
    assert need is not None
    assert need.text == expected


def test_a_number_that_lacks_is_exact() -> None:
    need = need_of("revenue >= 60000.01", ROW, SCHEMA, AS_OF)
    assert need is not None
    assert (need.feature, need.actual, need.target, need.gap) == (
        "revenue",
        Decimal("48200.00"),
        Decimal("60000.01"),
        Decimal("11800.01"),
    )


def test_a_condition_that_holds_lacks_nothing() -> None:
    assert need_of("n > 3 or n / (n - 12) > 3", ROW, SCHEMA, AS_OF) is None


COMPARISONS = st.tuples(
    st.sampled_from(["n", "revenue"]),
    st.sampled_from([">=", ">", "<=", "<", "=="]),
    st.decimals(-1000, 1000, places=2),
    st.integers(-100_000, 100_000),
    st.booleans(),
)


@given(COMPARISONS)
def test_the_target_meets_the_condition_and_one_step_less_does_not(
    case: tuple[str, str, Decimal, int, bool],
) -> None:
    name, operator, bound, stored, mirrored = case
    bound = bound.quantize(Decimal(1)) if operator == "==" else bound
    flipped = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "=="}
    text = f"{bound} {flipped[operator]} {name}" if mirrored else f"{name} {operator} {bound}"
    scale = SCHEMA[name].scale
    need = need_of(text, {name: stored}, SCHEMA, AS_OF)
    if truth_of(text, {name: stored}, SCHEMA, AS_OF).state == "true":
        assert need is None
        return
    assert need is not None
    assert need.target is not None
    reached = int(need.target.scaleb(scale))
    assert truth_of(text, {name: reached}, SCHEMA, AS_OF).state == "true"
    toward = 1 if reached > stored else -1
    assert truth_of(text, {name: reached - toward}, SCHEMA, AS_OF).state == "false"
    assert need.gap == abs(Decimal(reached - stored)).scaleb(-scale)
