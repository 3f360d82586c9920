"""Who moves between two rule books: exact small cases, and a join row by row as the oracle."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType, Label
from kehu.rules.book import Level, RuleBook, RuleSet, WarningRule
from kehu.rules.differences import SAMPLES, Answers, BookDifference, Move, WarningDifference, answer, compare_books
from kehu.rules.figures import figures_of
from kehu.rules.kinds import Kind
from kehu.rules.samples import sample_reasons

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {"n": FeatureType("integer")}
LABEL = Label("e", "中")
Rules = Mapping[str, Mapping[str, int]]


def book(tiers: Rules | None = None, flags: Rules | None = None, signs: Rules | None = None) -> RuleBook:
    """Tiers by least number (0 takes the rest), flags by divisor, warnings by the number they fire below."""
    found = [
        _ruleset(code, "tier", levels=tuple(_level(name, f"n >= {n}" if n else None) for name, n in levels.items()))
        for code, levels in (tiers or {}).items()
    ]
    for code, levels in (flags or {}).items():
        found.append(_ruleset(code, "flag", levels=tuple(_level(name, f"n % {n} == 0") for name, n in levels.items())))
    for code, levels in (signs or {}).items():
        rules = tuple(WarningRule(name, LABEL, f"n < {n}", "low", (), "only {n}") for name, n in levels.items())
        found.append(_ruleset(code, "warning", warnings=rules))
    return RuleBook(tuple(found), "", SCHEMA)


def _ruleset(code: str, kind: Kind, levels: tuple[Level, ...] = (), warnings: tuple[WarningRule, ...] = ()) -> RuleSet:
    return RuleSet(code, kind, LABEL, "", levels, warnings, code, "", "")


def _level(code: str, when: str | None) -> Level:
    return Level(code, LABEL, when, when is None)


def answers(rules: RuleBook, numbers: Mapping[int, int]) -> Answers:
    """The book's answers for customers whose `n` is given."""
    schema = dict.fromkeys(("customer", "n"), pl.Int64())
    return answer(rules, pl.DataFrame(list(numbers.items()), schema=schema, orient="row"), AS_OF)


def compared(before: RuleBook, after: RuleBook, numbers: Mapping[int, int]) -> BookDifference:
    """The difference, each customer weighing its `n`."""
    weights = pl.DataFrame(
        list(numbers.items()), schema=dict.fromkeys(("customer", "weight"), pl.Int64()), orient="row"
    )
    return compare_books(answers(before, numbers), answers(after, numbers), weights)


def test_a_tier_moves_customers_from_level_to_level() -> None:
    before, after = book({"size": {"big": 10, "mid": 5}}), book({"size": {"big": 8, "mid": 5, "small": 1}})
    found = compared(before, after, {1: 12, 2: 8, 3: 9, 4: 5, 5: 3, 6: 0})
    assert found.moved == 3
    assert found.weight_moved == 20
    (size,) = found.rulesets
    assert size.moves == (
        Move("big", "big", 1, 12),
        Move("mid", "big", 2, 17, (3, 2)),
        Move("mid", "mid", 1, 5),
        Move(None, "small", 1, 3, (5,)),
        Move(None, None, 1, 0),
    )
    assert (size.change, size.moved, size.weight_moved) == ("changed", 3, 20)
    assert (size.levels_added, size.levels_removed) == (("small",), ())


def test_flags_move_each_by_itself_and_a_customer_counts_once() -> None:
    before, after = book(flags={"marks": {"two": 2, "three": 3}}), book(flags={"marks": {"two": 4, "five": 5}})
    (marks,) = compared(before, after, {1: 6, 2: 4, 3: 10, 4: 7}).rulesets
    assert marks.moves == (
        Move("two", "two", 1, 4),
        Move("two", None, 2, 16, (3, 1)),
        Move("three", None, 1, 6, (1,)),
        Move(None, "five", 1, 10, (3,)),
    )
    assert (marks.moved, marks.weight_moved) == (2, 16)
    assert (marks.levels_added, marks.levels_removed) == (("five",), ("three",))


def test_a_rule_set_on_one_side_moves_nobody_of_the_whole() -> None:
    before, after = book({"old": {"all": 0}}), book({"new": {"all": 0}})
    found = compared(before, after, {1: 4, 2: 5})
    assert (found.moved, found.weight_moved) == (0, 0)
    assert [(item.code, item.change, item.moved) for item in found.rulesets] == [
        ("new", "added", 2),
        ("old", "removed", 2),
    ]
    assert found.rulesets[0].moves == (Move(None, "all", 2, 9, (2, 1)),)
    assert found.rulesets[1].moves == (Move("all", None, 2, 9, (2, 1)),)
    figures = figures_of(found, customers=2, revenue=9, files_changed=2)
    assert (figures["rulesets_added"], figures["rulesets_removed"], figures["levels_added"]) == (1, 1, 1)


def test_warnings_are_gained_and_lost() -> None:
    before = book(signs={"signs": {"quiet": 3, "gone": 1}})
    after = book(signs={"signs": {"quiet": 2, "weak": 5}})
    assert compared(before, after, {1: 0, 2: 2, 3: 4, 4: 9}).warnings == (
        WarningDifference("signs", "quiet", "changed", 0, 1, (), (2,)),
        WarningDifference("signs", "weak", "added", 3, 0, (3, 2, 1), ()),
        WarningDifference("signs", "gone", "removed", 0, 1, (), (1,)),
    )


def test_the_heaviest_five_of_a_move_are_named_then_the_first() -> None:
    numbers = {1: 7, 2: 9, 3: 8, 4: 9, 5: 6, 6: 7, 7: 5}
    (size,) = compared(book({"size": {"big": 10}}), book({"size": {"big": 1}}), numbers).rulesets
    assert [move.samples for move in size.moves] == [(2, 4, 3, 1, 6)]
    assert SAMPLES == 5


def test_a_rule_set_that_becomes_flags_is_compared_level_by_level() -> None:
    (size,) = compared(book({"size": {"two": 5}}), book(flags={"size": {"two": 2, "six": 6}}), {1: 6, 2: 5}).rulesets
    assert size.moves == (
        Move("two", "two", 1, 6),
        Move("two", None, 1, 5, (2,)),
        Move(None, "six", 1, 6, (1,)),
    )


def test_samples_say_why_then_and_why_now() -> None:
    before = book({"size": {"big": 10, "rest": 0}}, signs={"signs": {"quiet": 1}})
    after = book({"size": {"big": 8}}, signs={"signs": {"quiet": 3}})
    numbers = {1: 9, 2: 2}
    sides = answers(before, numbers), answers(after, numbers)
    reasons = sample_reasons(compared(before, after, numbers), *sides)
    assert reasons.then == {
        (1, "size", "rest"): '{"when":"otherwise","features":{"n":9}}',
        (2, "size", "rest"): '{"when":"otherwise","features":{"n":2}}',
    }
    assert reasons.now == {
        (1, "size", "big"): '{"when":"n >= 8","features":{"n":9}}',
        (2, "signs", "quiet"): "only 2",
    }


def test_books_without_a_rule_and_no_customers_differ_in_nothing() -> None:
    assert compared(book(), book(), {1: 1}) == BookDifference((), (), 0, 0)
    found = compared(book({"size": {"all": 0}}), book({"size": {"all": 0}}), {})
    assert (found.moved, found.rulesets[0].moves) == (0, ())
    assert figures_of(found, customers=0, revenue=0, files_changed=0)["moved_share"] == 0


LEVELS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 12), max_size=3)
BOOKS = st.builds(
    book,
    st.fixed_dictionaries({}, optional={"t": LEVELS.filter(bool)}),
    st.fixed_dictionaries({}, optional={"f": LEVELS.filter(bool)}),
    st.fixed_dictionaries({}, optional={"w": LEVELS.filter(bool)}),
)


@settings(max_examples=60)
@given(before=BOOKS, after=BOOKS, numbers=st.dictionaries(st.integers(1, 30), st.integers(0, 12)))
def test_the_matrix_is_the_join_of_both_evaluations_row_by_row(
    before: RuleBook, after: RuleBook, numbers: dict[int, int]
) -> None:
    found = compared(before, after, numbers)
    movers: set[int] = set()
    for item in found.rulesets:
        old, new = (_held(side, item.code, numbers) for side in (before, after))
        cells = Counter(
            (was, now)
            for customer in numbers
            for was, now in _cells(old[customer], new[customer], flag=item.code == "f")
        )
        assert {(move.before, move.after): move.customers for move in item.moves} == dict(cells)
        moved = {customer for customer in numbers if old[customer] != new[customer]}
        assert (item.moved, item.weight_moved) == (len(moved), sum(numbers[customer] for customer in moved))
        movers |= moved if item.change == "changed" else set()
    assert (found.moved, found.weight_moved) == (len(movers), sum(numbers[customer] for customer in movers))
    for sign in found.warnings:
        old, new = (_held(side, sign.ruleset, numbers) for side in (before, after))
        gained = [customer for customer in numbers if sign.code in new[customer] and sign.code not in old[customer]]
        lost = [customer for customer in numbers if sign.code in old[customer] and sign.code not in new[customer]]
        assert (sign.gained, sign.lost) == (len(gained), len(lost))


def _held(rules: RuleBook, code: str, numbers: Mapping[int, int]) -> dict[int, set[str]]:
    """Every customer's levels or warnings, by plain conditions."""
    held: dict[int, set[str]] = {customer: set() for customer in numbers}
    for item in rules.rulesets:
        conditions = dict(item.conditions()) if item.code == code else {}
        for customer, n in numbers.items():
            matching = [name for name, when in conditions.items() if _matches(when, n)]
            held[customer] |= set(matching[:1] if item.kind == "tier" else matching)
    return held


def _matches(when: str, n: int) -> bool:
    number = int(when.split()[2])
    return n >= number if ">=" in when else n % number == 0 if "%" in when else n < number


def _cells(was: set[str], now: set[str], *, flag: bool) -> list[tuple[str | None, str | None]]:
    if not flag:
        return [(next(iter(was), None), next(iter(now), None))]
    return [(name if name in was else None, name if name in now else None) for name in was | now]
