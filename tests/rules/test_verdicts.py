"""What the rule sets say of one customer, beside what the compiled columns say."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.book import RuleBook
from kehu.rules.reading import read_rules
from kehu.rules.verdicts import Verdict, verdicts

AS_OF = datetime(2024, 6, 30, tzinfo=UTC)
SCHEMA: Schema = {"paid": FeatureType("decimal", scale=2), "n": FeatureType("integer")}
TIER = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 1000}
  - {level: medium, label: {en: M, zh: 中}, when: paid >= 100 and n > 1}
  - {level: small, label: {en: S, zh: 小}, when: paid > 0}
examples:
  - {given: {paid: 1000}, expect: large}
  - {given: {paid: 100, n: 2}, expect: medium}
  - {given: {paid: 1}, expect: small}
"""
FLAGS = """
ruleset: marks
kind: flag
label: {en: Marks, zh: 标记}
levels:
  - {level: even, label: {en: E, zh: 偶}, when: n % 2 == 0}
  - {level: dear, label: {en: D, zh: 贵}, when: paid / n > 10}
examples:
  - {given: {n: 2}, expect: even}
  - {given: {n: 1, paid: 11}, expect: dear}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - {warning: quiet, label: {en: Q, zh: 静}, when: n < 2, severity: low, route: [sales], reason: "only {n}, {paid}"}
examples:
  - {given: {n: 1}, expect: quiet}
  - {given: {n: 2}, expect: []}
"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    book, problems = read_rules({"a.yaml": TIER, "b.yaml": FLAGS, "c.yaml": SIGNS}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    return book


def of(book: RuleBook, paid: int, n: int) -> dict[str, Verdict]:
    frame = pl.DataFrame({"customer": [7], "paid": [paid], "n": [n]})
    return {verdict.ruleset: verdict for verdict in verdicts(book, frame, AS_OF)}


def test_a_tier_asks_until_a_level_holds_and_says_what_lacks_for_the_one_above(book: RuleBook) -> None:
    size = of(book, 5_000, 1)["size"]
    assert size.holding == ("small",)
    assert [(each.code, each.holds, each.condition and each.condition.state) for each in size.answers] == [
        ("large", False, "false"),
        ("medium", False, "false"),
        ("small", True, "true"),
    ]
    assert [each.need.text if each.need else "" for each in size.answers] == [
        "",
        "paid is 50.00, needs 100.00: 50.00 more and n is 1, needs 2: 1 more",
        "",
    ]
    assert [clause.text for clause in size.answers[1].decided_by] == ["paid >= 100"]


def test_levels_below_the_one_that_holds_are_not_asked(book: RuleBook) -> None:
    size = of(book, 100_000, 0)["size"]
    assert size.holding == ("large",)
    assert [each.condition and each.condition.state for each in size.answers] == ["true", "skipped", "skipped"]
    assert [each.need for each in size.answers] == [None, None, None]


def test_in_no_level_the_last_one_is_the_next(book: RuleBook) -> None:
    size = of(book, 0, 5)["size"]
    assert size.holding == ()
    assert [each.need.text if each.need else "" for each in size.answers] == [
        "",
        "",
        "paid is 0.00, needs 0.01: 0.01 more",
    ]


def test_a_flag_says_of_every_level_what_lacks_or_fails(book: RuleBook) -> None:
    marks = of(book, 100, 0)["marks"]
    assert marks.holding == ("even",)
    dear = marks.answers[1]
    assert (dear.condition and dear.condition.state) == "failed"
    assert dear.need is not None
    assert dear.need.text == "'paid / n > 10' cannot be computed (n is 0, paid is 1.00)"


def test_a_warning_that_fires_has_its_text(book: RuleBook) -> None:
    assert [(each.holds, each.reason, each.need) for each in of(book, 250, 1)["signs"].answers] == [
        (True, "only 1, 2.50", None)
    ]
    assert [(each.holds, each.reason, each.need) for each in of(book, 250, 2)["signs"].answers] == [(False, "", None)]


def test_one_customer_is_wanted(book: RuleBook) -> None:
    frame = pl.DataFrame({"customer": [1, 2], "paid": [1, 2], "n": [1, 2]})
    with pytest.raises(ValueError, match="one row is wanted, not 2"):
        verdicts(book, frame, AS_OF)
