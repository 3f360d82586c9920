"""Other thresholds for some customers, in levels that are entered, kept, and in warnings."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from kehu.model.feature_types import FeatureType
from kehu.rules.book import RuleBook, VariantRule
from kehu.rules.evaluate import evaluate
from kehu.rules.reading import read_rules
from kehu.rules.standing import HELD, Standing
from kehu.rules.verdicts import verdicts

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {"n": FeatureType("integer"), "region": FeatureType("string", nullable=True)}
TEXT = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 10   # a shipment a week
    keep_while: n >= 8
    variants:
      - for: region == "west"  # where distances are long
        when: n >= 6
        keep_while: n >= 5
      - {for: region == "north", when: n >= 7}
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {n: 10}, expect: large}
  - {given: {n: 9}, expect: small}
  - {given: {n: 6, region: west}, expect: large}
  - {given: {n: 6, region: north}, expect: small}
  - {given: {n: 5, region: west}, held: large, expect: large}
"""


def book() -> RuleBook:
    found, problems = read_rules({"a.yaml": TEXT}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    return found


@pytest.mark.parametrize(
    ("_case", "n", "region", "held", "expected"),
    [
        ("everybody else", 10, None, False, "large"),
        ("everybody else below", 9, "south", False, "small"),
        ("the first variant", 6, "west", False, "large"),
        ("the first variant below", 5, "west", False, "small"),
        ("the second", 7, "north", False, "large"),
        ("the second below", 6, "north", False, "small"),
        ("kept by everybody's", 8, "south", True, "large"),
        ("kept by the variant's own", 5, "west", True, "large"),
        ("a variant that says nothing is kept as everybody", 7, "north", True, "large"),
        ("and no longer below", 4, "north", True, "small"),
    ],
)
def test_each_customer_has_its_threshold(_case: str, n: int, region: str | None, held: bool, expected: str) -> None:  # noqa: FBT001
    frame = pl.DataFrame({"customer": [1], "n": [n], "region": [region]}, schema_overrides={"region": pl.String()})
    row = (1, "size", "large", AS_OF - timedelta(days=9), None)
    standing = Standing(pl.DataFrame([row] if held else [], schema=HELD, orient="row"))
    assert evaluate(book(), frame, AS_OF, standing).memberships["level"].to_list() == [expected]


def test_the_variants_are_kept_as_written() -> None:
    (large, _) = book().ruleset("size").levels
    assert large.variants == (
        VariantRule('region == "west"', "n >= 6", "n >= 5"),
        VariantRule('region == "north"', "n >= 7", "n >= 8"),
        VariantRule("", "n >= 10", "n >= 8"),
    )


@pytest.mark.parametrize(
    ("_case", "region", "variant", "need"),
    [
        ("the variant that counts", "west", 'region == "west"', "n is 4, needs 6: 2 more"),
        ("everybody else's", "south", "", "n is 4, needs 10: 6 more"),
    ],
)
def test_a_customer_is_told_its_own_threshold(_case: str, region: str, variant: str, need: str) -> None:
    frame = pl.DataFrame({"customer": [1], "n": [4], "region": [region]})
    (verdict,) = verdicts(book(), frame, AS_OF)
    answer = verdict.answers[0]
    assert answer.need is not None
    assert (answer.variant, answer.need.text) == (variant, need)


def test_a_variant_that_cannot_be_told_leaves_the_level_unanswered() -> None:
    text = TEXT.replace('for: region == "west"', "for: 6 / (n - 10) > 2")
    text = text.replace("{given: {n: 10}, expect: large}", "{given: {n: 11}, expect: large}")
    text = text.replace("{n: 6, region: west}, expect: large", "{n: 7, region: north}, expect: large")
    text = text.replace("{n: 5, region: west}, held: large", "{n: 8}, held: large")
    found, problems = read_rules({"a.yaml": text}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    frame = pl.DataFrame({"customer": [1], "n": [10], "region": ["south"]})
    (verdict,) = verdicts(found, frame, AS_OF)
    large = verdict.answers[0]
    assert large.condition is not None
    assert (large.holds, large.variant, large.condition.state) == (False, "6 / (n - 10) > 2", "failed")
