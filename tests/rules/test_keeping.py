"""A level is kept by a softer condition, a grace and a minimum stay; a person's decision goes before all."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.reading import read_rules
from kehu.rules.standing import HELD, NOBODY, OVERRIDES, Standing, carried

DAY = timedelta(days=1)
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {"n": FeatureType("integer")}
TIER = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 10
    keep_while: n >= 8
    grace: 3 days
  - level: middle
    label: {en: Middle, zh: 中}
    when: n >= 5
    minimum_stay: 4 days
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {n: 10}, expect: large}
  - {given: {n: 9}, expect: middle}
  - {given: {n: 8}, held: large, expect: large}
  - {given: {n: 4}, expect: small}
  - {given: {n: 4}, held: {level: middle, since: 3 days}, expect: middle}
"""
FLAG = """
ruleset: marks
kind: flag
label: {en: Marks, zh: 标记}
levels:
  - level: rich
    label: {en: Rich, zh: 富}
    when: n >= 10
    grace: 2 days
examples:
  - {given: {n: 10}, expect: rich}
  - {given: {n: 9}, expect: []}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: n < 2
    severity: high
    route: [sales]
    reason: "only {n}"
examples:
  - {given: {n: 1}, expect: quiet}
  - {given: {n: 2}, expect: []}
"""


def book() -> RuleBook:
    found, problems = read_rules({"a.yaml": TIER, "b.yaml": FLAG, "c.yaml": SIGNS}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    return found


BOOK = book()


def held(ruleset: str, level: str, *, since: int, below: int | None = None) -> Standing:
    """Customer 1 holds the level since so many days, unmet for so many."""
    unmet = None if below is None else AS_OF - below * DAY
    row = (1, ruleset, level, AS_OF - since * DAY, unmet)
    return Standing(pl.DataFrame([row], schema=HELD, orient="row"))


def decided(*rows: tuple[str, str, str]) -> Standing:
    """Decisions about customer 1: (rule set, code, effect)."""
    told = [(1, *row, number, "contract", "Li", None) for number, row in enumerate(rows, 1)]
    return Standing(overrides=pl.DataFrame(told, schema=OVERRIDES, orient="row"))


def answers(n: int, standing: Standing = NOBODY) -> Evaluation:
    return evaluate(BOOK, pl.DataFrame({"customer": [1], "n": [n]}), AS_OF, standing)


def level(evaluation: Evaluation, ruleset: str) -> str | None:
    found = evaluation.memberships.filter(ruleset=ruleset)["level"].to_list()
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("_case", "n", "before", "expected"),
    [
        ("who enters needs the entering threshold", 9, NOBODY, "middle"),
        ("who holds it needs the keeping one", 8, held("size", "large", since=50), "large"),
        ("below both its grace begins", 7, held("size", "large", since=50), "large"),
        ("two days below are within the grace", 7, held("size", "large", since=50, below=2), "large"),
        ("three days below are not", 7, held("size", "large", since=50, below=3), "middle"),
        ("a minimum stay keeps from falling", 0, held("size", "middle", since=3, below=1), "middle"),
        ("until it is over", 0, held("size", "middle", since=4, below=1), "small"),
        ("it does not keep from rising", 10, held("size", "middle", since=1), "large"),
        ("what another rule set holds does not count", 8, held("marks", "rich", since=5), "middle"),
        ("a level the files no longer have does not count", 8, held("size", "huge", since=5), "middle"),
    ],
)
def test_a_tier_is_kept(_case: str, n: int, before: Standing, expected: str) -> None:
    assert level(answers(n, before), "size") == expected


@pytest.mark.parametrize(
    ("_case", "n", "before", "expected"),
    [
        ("a met condition drops nothing", 8, held("size", "large", since=50, below=1), []),
        ("the first day below counts from now", 7, held("size", "large", since=50), [(AS_OF, AS_OF + 3 * DAY)]),
        ("later ones from the first", 7, held("size", "large", since=50, below=2), [(AS_OF - 2 * DAY, AS_OF + DAY)]),
        ("a minimum stay counts from entering", 0, held("size", "middle", since=1), [(AS_OF, AS_OF + 3 * DAY)]),
        ("what dropped drops no more", 7, held("size", "large", since=50, below=3), []),
        ("who rises does not drop", 10, held("size", "middle", since=1, below=1), []),
    ],
)
def test_the_day_it_drops_is_known(
    _case: str, n: int, before: Standing, expected: list[tuple[datetime, datetime]]
) -> None:
    assert answers(n, before).slipping.select("below_since", "drops_at").rows() == expected


@pytest.mark.parametrize(("_case", "below", "expected"), [("within", 1, "rich"), ("after", 2, None)])
def test_a_flag_is_kept_within_its_grace(_case: str, below: int, expected: str | None) -> None:
    found = answers(0, held("marks", "rich", since=9, below=below))
    assert level(found, "marks") == expected


@pytest.mark.parametrize(
    ("_case", "n", "decisions", "size", "marks", "fires"),
    [
        ("included in a tier's level", 0, [("size", "large", "include")], "large", None, True),
        ("excluded from it, the next takes it", 10, [("size", "large", "exclude")], "middle", "rich", False),
        ("excluded from two", 10, [("size", "large", "exclude"), ("size", "middle", "exclude")],
         "small", "rich", False),
        ("who takes the rest cannot be kept out", 0, [("size", "small", "exclude")], "small", None, True),
        ("included in a flag", 0, [("marks", "rich", "include")], "small", "rich", True),
        ("excluded from a flag", 10, [("marks", "rich", "exclude")], "large", None, False),
        ("a warning is muted", 0, [("signs", "quiet", "exclude")], "small", None, False),
        ("the last include of a tier counts", 0, [("size", "large", "include"), ("size", "middle", "include")],
         "middle", None, True),
        ("a code the files no longer have decides nothing", 0, [("size", "huge", "include")], "small", None, True),
    ],
)  # fmt: skip
def test_a_person_decides(
    _case: str,
    n: int,
    decisions: list[tuple[str, str, str]],
    size: str,
    marks: str | None,
    fires: bool,  # noqa: FBT001
) -> None:
    found = answers(n, decided(*decisions))
    assert (level(found, "size"), level(found, "marks")) == (size, marks)
    assert bool(found.warnings["warning"].to_list()) is fires


def test_what_was_given_by_hand_is_told() -> None:
    found = answers(0, decided(("size", "large", "include"), ("marks", "rich", "exclude")))
    assert found.by_hand.rows() == [(1, "size", "large", 1, "contract", "Li")]


def test_an_inclusion_goes_before_what_would_be_kept() -> None:
    both = Standing(held("size", "large", since=9, below=1).held, decided(("size", "middle", "include")).overrides)
    found = answers(7, both)
    assert level(found, "size") == "middle"
    assert found.slipping.is_empty()


def plain(numbers: list[tuple[int, int]]) -> list[str]:
    """The tier's answer day by day, by the book: (days since the last run, n) each."""
    now, level, since, below = 0, "", 0, None
    told = []
    for step, n in numbers:
        now += step
        was = level
        met = {"large": n >= 8, "middle": n >= 5}.get(was, True)
        below = None if met else (now if below is None else below)
        kept = was == "large" and (met or (below is not None and now < below + 3))
        stays = was == "middle" and (met or now < since + 4)
        level = "large" if n >= 10 or kept else "middle" if n >= 5 or stays else "small"
        if level != was:
            since, below = now, None
        told.append(level)
    return told


def series(days: int, least: int, most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(least, most), min_size=days, max_size=days)


@settings(max_examples=20)
@given(
    st.integers(1, 12).flatmap(
        lambda days: st.tuples(series(days, 0, 4), st.lists(series(days, 0, 12), min_size=1, max_size=12))
    )
)
def test_histories_are_those_of_a_plain_reading(runs: tuple[list[int], list[list[int]]]) -> None:
    steps, customers = runs
    now, standing, told = AS_OF, NOBODY, []
    for step, numbers in zip(steps, zip(*customers, strict=True), strict=True):
        now += step * DAY
        found = evaluate(BOOK, pl.DataFrame({"customer": range(len(numbers)), "n": numbers}), now, standing)
        standing = carried(found.memberships, found.slipping, standing, now)
        told.append(found.memberships.filter(ruleset="size").sort("customer")["level"].to_list())
    by_customer = [list(each) for each in zip(*told, strict=True)]
    assert by_customer == [plain(list(zip(steps, numbers, strict=True))) for numbers in customers]


@pytest.mark.parametrize(
    ("_case", "length", "expected"),
    [
        ("a century", "36500 days", []),
        ("a day longer", "36501 days", ["'36501 days' is longer than a century"]),
        ("past the last year there is", "999999 weeks", ["'999999 weeks' is longer than a century"]),
    ],
)
def test_a_level_is_kept_for_a_century_at_most(_case: str, length: str, expected: list[str]) -> None:
    _, problems = read_rules({"a.yaml": FLAG.replace("2 days", length)}, SCHEMA)
    assert [problem.message for problem in problems] == expected


@pytest.mark.parametrize(
    ("_case", "condition", "expected"),
    [
        ("by its condition", "n >= 10", []),
        ("only by being held", "n >= 11", ["no example falls into 'rich' of itself"]),
    ],
)
def test_who_holds_a_level_proves_no_entering(_case: str, condition: str, expected: list[str]) -> None:
    text = FLAG.replace("n >= 10", condition).replace("expect: rich}", "held: rich, expect: rich}")
    if not expected:
        text += "  - {given: {n: 10}, expect: rich}\n"
    _, problems = read_rules({"a.yaml": text}, SCHEMA)
    assert [problem.message for problem in problems] == expected
