"""Two rule books over the same customers: who moves from which level to which, what warnings come and go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.standing import NOBODY, Standing

Change = Literal["added", "removed", "changed"]

SAMPLES = 5  # customers named per move
_PAIR = ["before", "after"]
# A weight above 2^63 is out of reach for one customer, not for the sum over all.
_SUM = pl.col("weight").cast(pl.Int128).sum()


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
    weights = weights.sort("customer")  # joins of sorted columns take a twentieth of the time
    rulesets: list[RuleSetDifference] = []
    movers = [pl.DataFrame(schema={"customer": pl.Int64(), "weight": pl.Int64()})]
    for code in _codes(before.book, after.book, warnings=False):
        pairs = _pairs(before, after, code, weights)
        moving = pairs.filter(pl.col("before").ne_missing(pl.col("after")))
        difference = _ruleset(before.book, after.book, code, pairs, moving)
        rulesets.append(difference)
        if difference.change == "changed":
            movers.append(moving.select("customer", "weight"))
    moved = pl.concat(movers).unique("customer")
    warnings = tuple(
        difference
        for code in _codes(before.book, after.book, warnings=True)
        for difference in _warnings(before, after, code, weights)
    )
    return BookDifference(tuple(rulesets), warnings, len(moved), moved.select(_SUM).item())


def _pairs(before: Answers, after: Answers, code: str, weights: pl.DataFrame) -> pl.DataFrame:
    """customer, before, after, weight: one row per customer, or per flag that it has before or after."""
    held = [_held(side, code) for side in (before, after)]
    if any(_kind(side.book, code) == "flag" for side in (before, after)):
        was, now = (frame.with_columns(flag="level") for frame in held)
        pairs = was.join(now, on=["customer", "flag"], how="full", coalesce=True, suffix="_after")
        pairs = pairs.join(weights, on="customer", how="left")
    else:
        pairs = weights.join(held[0], on="customer", how="left").join(
            held[1], on="customer", how="left", suffix="_after"
        )
    return pairs.select("customer", pl.col("level").alias("before"), pl.col("level_after").alias("after"), "weight")


def _held(side: Answers, code: str) -> pl.DataFrame:
    held = side.evaluation.memberships.filter(pl.col("ruleset") == code).select("customer", "level")
    return held.sort("customer")


def _ruleset(
    before: RuleBook, after: RuleBook, code: str, pairs: pl.DataFrame, moving: pl.DataFrame
) -> RuleSetDifference:
    was, now = _levels(before, code), _levels(after, code)
    order = {level: place for place, level in enumerate((*now, *(level for level in was if level not in now)))}
    samples = dict(_samples(moving, _PAIR))
    cells = pairs.group_by(_PAIR).agg(pl.len().alias("customers"), _SUM)
    moves = [
        Move(level, then, customers, weight, samples.get((level, then), ()))
        for level, then, customers, weight in cells.iter_rows()
    ]
    last = len(order)
    moves.sort(key=lambda move: (order.get(move.before or "", last), order.get(move.after or "", last)))
    once = moving.unique("customer")
    return RuleSetDifference(
        code,
        _change(_kind(before, code), _kind(after, code)),
        tuple(moves),
        len(once),
        once.select(_SUM).item(),
        tuple(level for level in now if level not in was),
        tuple(level for level in was if level not in now),
    )


def _warnings(before: Answers, after: Answers, ruleset: str, weights: pl.DataFrame) -> Iterator[WarningDifference]:
    was, now = (_warning_codes(side.book, ruleset) for side in (before, after))
    for code in (*now, *(code for code in was if code not in now)):
        then, fired = (_firing(side, ruleset, code) for side in (before, after))
        gained = fired.join(then, on="customer", how="anti").join(weights, on="customer", how="left")
        lost = then.join(fired, on="customer", how="anti").join(weights, on="customer", how="left")
        yield WarningDifference(
            ruleset,
            code,
            _change(code if code in was else None, code if code in now else None),
            len(gained),
            len(lost),
            *(dict(_samples(frame, [])).get((), ()) for frame in (gained, lost)),
        )


def _firing(side: Answers, ruleset: str, code: str) -> pl.DataFrame:
    firing = side.evaluation.warnings.filter(pl.col("ruleset") == ruleset, pl.col("warning") == code)
    return firing.select("customer")


def _samples(moving: pl.DataFrame, by: list[str]) -> Iterator[tuple[tuple[str | None, ...], tuple[int, ...]]]:
    """The heaviest customers of each group of `by`."""
    ranked = moving.sort("weight", "customer", descending=[True, False])
    if not by:
        yield (), tuple(ranked["customer"].head(SAMPLES))
        return
    for *group, customers in ranked.group_by(by).agg(pl.col("customer").head(SAMPLES)).iter_rows():
        yield tuple(group), tuple(customers)


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
