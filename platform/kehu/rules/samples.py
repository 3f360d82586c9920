"""Why the customers named in a difference were where they were, and why they are where they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from kehu.rules.differences import Answers, BookDifference
from kehu.rules.evaluate import MEMBERSHIPS, WARNINGS
from kehu.rules.reasons import membership_reasons, warning_reasons

# Customer, rule set, level or warning.
Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Reasons:
    """By key: a level's reason is the JSON text of `membership_reasons`, a warning's its filled text."""

    then: Mapping[Key, str]
    now: Mapping[Key, str]


def sample_reasons(difference: BookDifference, before: Answers, after: Answers) -> Reasons:
    """The reasons on both sides of every sample that has a level or warning there."""
    then = [
        *(
            (customer, item.code, move.before)
            for item in difference.rulesets
            for move in item.moves
            for customer in move.samples
        ),
    ]
    now = [
        (customer, item.code, move.after)
        for item in difference.rulesets
        for move in item.moves
        for customer in move.samples
    ]
    lost = [(customer, item.ruleset, item.code) for item in difference.warnings for customer in item.lost_samples]
    gained = [(customer, item.ruleset, item.code) for item in difference.warnings for customer in item.gained_samples]
    return Reasons(
        _level_reasons(before, then) | _warning_texts(before, lost),
        _level_reasons(after, now) | _warning_texts(after, gained),
    )


def _level_reasons(side: Answers, keys: Iterable[tuple[int, str, str | None]]) -> dict[Key, str]:
    held = [(customer, ruleset, level) for customer, ruleset, level in keys if level is not None]
    rows = pl.DataFrame(held, schema=MEMBERSHIPS, orient="row")
    return dict(zip(held, membership_reasons(side.book, _of(side, rows), rows), strict=True))


def _warning_texts(side: Answers, keys: list[Key]) -> dict[Key, str]:
    schema = {name: kind for name, kind in WARNINGS.items() if name != "severity"}
    rows = pl.DataFrame(keys, schema=schema, orient="row")
    return dict(zip(keys, warning_reasons(side.book, _of(side, rows), rows)["reason"], strict=True))


def _of(side: Answers, rows: pl.DataFrame) -> pl.DataFrame:
    return side.features.join(rows, on="customer", how="semi")
