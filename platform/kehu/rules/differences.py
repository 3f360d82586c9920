"""Two rule books over the same customers: who moves from which level to which, what warnings come and go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.places import Mask, Places
from kehu.rules.population import Population, Standings, population
from kehu.rules.standing import NOBODY, Standing

Change = Literal["added", "removed", "changed"]

SAMPLES = 5  # customers named per move


@dataclass(frozen=True, slots=True)
class Answers:
    """A book and what it says; `features` has a row per customer and what the book's reasons name."""

    book: RuleBook
    features: pl.DataFrame
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Move:
    """The customers with one level before and one after; None is no level, and equal levels mean they stay.

    `weight` is the sum of theirs; `samples` are the heaviest of those who move, then by id.
    """

    before: str | None
    after: str | None
    customers: int
    weight: int
    samples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSetDifference:
    """The migration matrix of a tier or flag rule set, by count; the levels are in the files' order.

    For a tier every customer stands in one move. Flags are independent: each level has moves of its own, and
    customers without it before and after are not listed. `moved` counts customers, each once.
    """

    code: str
    change: Change
    moves: tuple[Move, ...]
    moved: int
    weight_moved: int
    levels_added: tuple[str, ...]
    levels_removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WarningDifference:
    """Customers a warning newly holds for, and no longer; the samples are the heaviest of them, then by id."""

    ruleset: str
    code: str
    change: Change
    gained: int
    lost: int
    gained_samples: tuple[int, ...]
    lost_samples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BookDifference:
    """Everything that changes. `moved` counts each customer once, over the rule sets that both books have."""

    rulesets: tuple[RuleSetDifference, ...]
    warnings: tuple[WarningDifference, ...]
    moved: int
    weight_moved: int


def answer(book: RuleBook, features: pl.DataFrame, as_of: datetime, standing: Standing = NOBODY) -> Answers:
    """The book's answers for every row of `features`; raises RefusedError as `evaluate` does."""
    evaluation = evaluate(book, features, as_of, standing)
    return Answers(book, evaluation.features, evaluation)


def compare_books(before: Answers, after: Answers, weights: pl.DataFrame) -> BookDifference:
    """The difference over the customers of `weights`: `customer` and `weight` (Int64), a row for each."""
    people = population(weights)
    rulesets: list[RuleSetDifference] = []
    movers = people.nobody()
    for code in _codes(before.book, after.book, warnings=False):
        difference, moved = _ruleset(before, after, code, people)
        rulesets.append(difference)
        if difference.change == "changed":
            movers |= moved
    warnings = tuple(
        difference
        for code in _codes(before.book, after.book, warnings=True)
        for difference in _warnings(before, after, code, people)
    )
    return BookDifference(tuple(rulesets), warnings, int(movers.sum()), people.weight(movers))


def _ruleset(before: Answers, after: Answers, code: str, people: Population) -> tuple[RuleSetDifference, Mask]:
    """The difference, and who moves."""
    was, now = _levels(before.book, code), _levels(after.book, code)
    levels = (*now, *(level for level in was if level not in now))
    kinds = [_kind(side.book, code) for side in (before, after)]
    held = [_held(side, code, people) for side in (before, after)]
    moves: list[Move] = []
    moved = people.nobody()
    # Flags are independent, so each is a question of its own.
    for question in [(level,) for level in levels] if "flag" in kinds else [levels]:
        then, later = (people.standings(holders, question) for holders in held)
        moves += _moves(then, later, question, people)
        moved |= then != later
    if "flag" in kinds:
        moves = [move for move in moves if move.before is not None or move.after is not None]
    order = {level: place for place, level in enumerate(levels)}
    last = len(order)
    moves.sort(key=lambda move: (order.get(move.before or "", last), order.get(move.after or "", last)))
    difference = RuleSetDifference(
        code,
        _change(*kinds),
        tuple(moves),
        int(moved.sum()),
        people.weight(moved),
        tuple(level for level in now if level not in was),
        tuple(level for level in was if level not in now),
    )
    return difference, moved


def _held(side: Answers, code: str, people: Population) -> dict[str, Places]:
    memberships = side.evaluation.memberships
    return people.holders(memberships.filter(pl.col("ruleset") == code), "level")


def _moves(before: Standings, after: Standings, levels: tuple[str, ...], people: Population) -> Iterator[Move]:
    numbers: dict[str | None, int] = {level: number for number, level in enumerate((*levels, None))}
    for cell in people.cells(before, after, levels):
        samples: tuple[int, ...] = ()
        if cell.before != cell.after:
            among = (before == numbers[cell.before]) & (after == numbers[cell.after])
            samples = people.heaviest(among, SAMPLES)
        yield Move(cell.before, cell.after, cell.customers, cell.weight, samples)


def _warnings(before: Answers, after: Answers, ruleset: str, people: Population) -> Iterator[WarningDifference]:
    was, now = (_warning_codes(side.book, ruleset) for side in (before, after))
    firing = [_firing(side, ruleset, people) for side in (before, after)]
    for code in (*now, *(code for code in was if code not in now)):
        then, fired = (people.standings(holders, (code,)) == 0 for holders in firing)
        gained, lost = fired & ~then, then & ~fired
        yield WarningDifference(
            ruleset,
            code,
            _change(code if code in was else None, code if code in now else None),
            int(gained.sum()),
            int(lost.sum()),
            people.heaviest(gained, SAMPLES),
            people.heaviest(lost, SAMPLES),
        )


def _firing(side: Answers, ruleset: str, people: Population) -> dict[str, Places]:
    return people.holders(side.evaluation.warnings.filter(pl.col("ruleset") == ruleset), "warning")


def _codes(before: RuleBook, after: RuleBook, *, warnings: bool) -> Iterable[str]:
    """The rule sets that have levels, or warnings, on either side: those of `after` first."""
    items = (*after.rulesets, *before.rulesets)
    return dict.fromkeys(item.code for item in items if bool(item.warnings if warnings else item.levels))


def _kind(book: RuleBook, code: str) -> str | None:
    return next((item.kind for item in book.rulesets if item.code == code and item.levels), None)


def _levels(book: RuleBook, code: str) -> tuple[str, ...]:
    return tuple(level.code for item in book.rulesets if item.code == code for level in item.levels)


def _warning_codes(book: RuleBook, code: str) -> tuple[str, ...]:
    return tuple(rule.code for item in book.rulesets if item.code == code for rule in item.warnings)


def _change(was: str | None, now: str | None) -> Change:
    if was is None:
        return "added"
    return "removed" if now is None else "changed"
