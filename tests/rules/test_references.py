"""Rule sets ask for the levels of others; the order follows from that, whatever the files are called."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kehu.model.feature_types import FeatureType
from kehu.rules.evaluate import evaluate
from kehu.rules.parts import concerned_by, features_of, part_of
from kehu.rules.reading import read_rules
from kehu.rules.references import circles, generations

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {"n": FeatureType("integer"), "late": FeatureType("integer")}
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 10
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {n: 10}, expect: large}
  - {given: {n: 9}, expect: small}
"""
CARE = """
ruleset: care
kind: flag
label: {en: Care, zh: 关怀}
levels:
  - level: call
    label: {en: Call, zh: 回访}
    when: size == "large" and late > 0
examples:
  - {given: {size: large, late: 1}, expect: call}
  - {given: {size: large}, expect: []}
  - {given: {size: small, late: 1}, expect: []}
"""
ALARM = """
ruleset: alarm
kind: warning
label: {en: Alarm, zh: 警报}
warnings:
  - warning: angry
    label: {en: Angry, zh: 不满}
    when: care_call and late > 2
    severity: high
    route: [sales]
    reason: "a {size} customer had {late} late deliveries"
examples:
  - {given: {care_call: true, late: 3}, expect: angry}
  - {given: {care_call: true, late: 2}, expect: []}
"""
MARKS = """
ruleset: marks
kind: flag
label: {{en: Marks, zh: 标记}}
effective: {{{edge}: 2027-01-01}}
levels:
  - level: {level}
    label: {{en: Mark, zh: 标}}
    when: n >= 10
examples:
  - {{given: {{n: 10}}, expect: {level}}}
  - {{given: {{n: 9}}, expect: []}}
"""
TEXTS = {"a_alarm.yaml": ALARM, "b_care.yaml": CARE, "c_size.yaml": SIZE}
FRAME = pl.DataFrame({"customer": [1, 2, 3], "n": [10, 10, 9], "late": [3, 1, 3]})


def test_those_that_are_asked_answer_first() -> None:
    book, problems = read_rules(TEXTS, SCHEMA)
    assert problems == []
    found = evaluate(book, FRAME, AS_OF)
    assert found.memberships.rows() == [
        (1, "care", "call"),
        (2, "care", "call"),
        (1, "size", "large"),
        (2, "size", "large"),
        (3, "size", "small"),
    ]
    assert found.warnings.rows() == [(1, "alarm", "angry", "high")]
    assert found.features.select("customer", "size", "care_call").rows() == [
        (1, "large", True),
        (2, "large", True),
        (3, "small", False),
    ]


def test_a_part_of_a_book_brings_those_it_asks() -> None:
    book, _ = read_rules(TEXTS, SCHEMA)
    assert [item.code for item in part_of(book, {"care"}).rulesets] == ["care", "size"]
    assert [item.code for item in part_of(book, {"size"}).rulesets] == ["size"]
    assert concerned_by(book, {"size"}) == {"size", "care", "alarm"}
    assert features_of(part_of(book, {"care"})) == {"n", "late"}


def test_a_rule_set_that_asks_a_wrong_one_is_left_out_without_a_word() -> None:
    book, problems = read_rules({**TEXTS, "c_size.yaml": SIZE.replace("n >= 10", "m >= 10")}, SCHEMA)
    assert [problem.check for problem in problems] == ["unknown-feature"]
    assert book.rulesets == ()


def test_a_tier_that_does_not_take_the_rest_may_be_unknown() -> None:
    size = SIZE.replace("    otherwise: true\n", "    when: n >= 5\n").replace("expect: small}", "expect: small}\n"
        "  - {given: {n: 4}, expect: null}")  # fmt: skip
    _, problems = read_rules({**TEXTS, "c_size.yaml": size}, SCHEMA)
    assert problems == []
    book, problems = read_rules({"c_size.yaml": size, "d.yaml": CARE.replace('size == "large"', 'size < "m"')}, SCHEMA)
    assert [problem.check for problem in problems] == ["nullable-operand"]
    assert [item.code for item in book.rulesets] == ["size"]


def test_who_is_asked_but_not_in_force_answers_nothing() -> None:
    size = SIZE.replace("levels:", "effective: {from: 2027-01-01}\nlevels:", 1)
    book, problems = read_rules({"b.yaml": CARE, "c.yaml": size}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    assert evaluate(book.in_force(AS_OF), FRAME, AS_OF).memberships.is_empty()
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert len(evaluate(book.in_force(later), FRAME, later).memberships) == 5


def test_a_flag_that_only_another_version_has_is_held_by_nobody() -> None:
    now, later = (MARKS.format(level=level, edge=edge) for level, edge in (("old", "until"), ("new", "from")))
    asks = CARE.replace('size == "large" and late > 0', "marks_new or late > 2").replace(
        "size: large", "marks_new: true"
    )
    asks = asks.replace("{given: {marks_new: true}, ", "{given: {}, ").replace(
        "{given: {size: small, late: 1}, ", "{given: {late: 2}, "
    )
    book, problems = read_rules({"a.yaml": now, "b.yaml": later, "c.yaml": asks}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    found = evaluate(book.in_force(AS_OF), FRAME, AS_OF)
    assert found.memberships.filter(ruleset="care").rows() == [(1, "care", "call"), (3, "care", "call")]
    then = datetime(2027, 1, 1, tzinfo=UTC)
    assert evaluate(book.in_force(then), FRAME, then).memberships.filter(ruleset="care")["customer"].to_list() == [
        1,
        2,
        3,
    ]


def test_a_rule_set_may_be_called_example_and_so_may_a_level() -> None:
    size, care = (text.replace("size", "example").replace("large", "example") for text in (SIZE, CARE))
    book, problems = read_rules({"a.yaml": size, "b.yaml": care}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    assert [item.code for item in book.rulesets] == ["example", "care"]


@pytest.mark.parametrize(
    ("_case", "asks", "expected"),
    [
        ("none", {"a": {"b"}, "b": set()}, []),
        ("itself", {"a": {"a"}}, [{"a"}]),
        ("two circles", {"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}, [{"a", "b"}, {"c", "d"}]),
    ],
)
def test_circles_are_found_each_once(_case: str, asks: dict[str, set[str]], expected: list[set[str]]) -> None:
    found = [set(circle) for circle in circles(asks)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    assert all(circle[0] == circle[-1] for circle in circles(asks))


def test_every_version_that_closes_a_circle_is_left_out() -> None:
    old, new = (
        MARKS.format(level="x", edge=edge).replace("n >= 10", "n >= 10 or care_call") for edge in ("until", "from")
    )
    care = CARE.replace('size == "large" and late > 0', "marks_x and late > 0").replace("size: large", "marks_x: true")
    care = care.replace("size: small", "marks_x: false")
    book, problems = read_rules({"a.yaml": old, "b.yaml": new, "c.yaml": care}, SCHEMA)
    assert [(problem.place.path, problem.check) for problem in problems] == [
        ("a.yaml", "rule-circle"),
        ("b.yaml", "rule-circle"),
    ]
    assert book.rulesets == ()


def test_a_generation_asks_only_earlier_ones() -> None:
    asks = {"a": {"b", "elsewhere"}, "b": {"c"}, "c": set[str](), "d": set[str]()}
    assert [set(each) for each in generations(asks)] == [{"c", "d"}, {"b"}, {"a"}]
