"""A rule set tried on the past: how well it foretold at earlier days who would leave."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.features.selection import only
from kehu.model.durations import DAY_MICROS
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.cutoffs import Step, days_between, end_of_day, local_day
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.progress import Progress, Watch
from kehu.pipeline.replays import (
    COLUMNS,
    Past,
    Sign,
    Terms,
    among_whom,
    best_window,
    payments_of,
    replay,
    sign_of,
)
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.snapshots import take_snapshot
from kehu.pipeline.truth import read_truth
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.parts import features_of, part_of
from kehu.workspace.workspace import Workspace

COMBINED, OWN_GAP = "any of them", "silent longer than its own 90th-percentile gap"
_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_STEPS_BACK = 2  # without --from three cut-offs are tried


@dataclass(frozen=True, slots=True)
class BacktestQuestion:
    """What to try and when. `level` is for tiers and flags; days left out depend on the data's end.

    `truth` is a file that tells who really left.
    """

    ruleset: str
    step: Step
    terms: Terms
    level: str | None = None
    first: date | None = None
    last: date | None = None
    truth: Path | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """The signs in the file's order, then all together; baselines beside them. Each cut-off is its day's end."""

    ruleset: RuleSet
    level: str | None
    terms: Terms
    days: tuple[date, ...]
    signs: tuple[Sign, ...]
    combined: Sign
    baselines: tuple[Sign, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]


def backtest(workspace: Workspace, engine: Engine, question: BacktestQuestion, *, progress: Progress) -> Backtest:
    """Replay the rule set at each cut-off and compare with who shipped in the horizon after it, or with the truth.

    Of a rule set with several versions the last to come into force is tried. A cut-off whose horizon ends after the
    data is left out with a note, as is one at which nobody was active. Raises RefusedError for wrong rule files, an
    unknown rule set or level, a wrong file of the truth, and when no cut-off is left.
    """
    watch = Watch(progress)
    catalogue, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    ruleset = _ruleset(book.latest(), question)
    book = part_of(book.latest(), {ruleset.code})
    asked = features_of(book)
    if question.terms.among is not None:
        asked |= among_whom(question.terms.among, book.features, _ANY_INSTANT).features
    catalogue = only(catalogue, asked)
    with watch("read"):
        present = Present(engine, mirror_folder(engine, workspace.root), watch.progress)
        snapshot = take_snapshot(present, [catalogue], {"shipments": COLUMNS})
        past = Past(snapshot, payments_of(snapshot))
    zone = workspace.settings.timezone
    truth = None if question.truth is None else read_truth(question.truth, engine, zone)
    terms = replace(question.terms, truth=truth)
    days, notes = _days(past.payments, question, zone)
    cutoffs = [end_of_day(day, zone) for day in days]
    with watch("replay"):
        # The fixed window is chosen one horizon earlier: by the first cut-off all its outcomes are known.
        earlier = cutoffs[0] - terms.horizon
        rules = (catalogue, book, ruleset.code)
        training, cases = (replay(past, rules, question.level, at, terms) for at in ([earlier], cutoffs))
    names = [name for name in cases.columns if name.startswith("sign ")]
    window = best_window(training, terms.active.days)
    return Backtest(
        ruleset,
        question.level,
        terms,
        tuple(days),
        tuple(sign_of(cases, name.removeprefix("sign "), pl.col(name)) for name in names),
        sign_of(cases, COMBINED, pl.any_horizontal(names)),
        _baselines(cases, window),
        (*notes, *(truth.notes if truth else ()), _on_window(window, days[0] - terms.horizon)),
        watch.seconds,
    )


def _ruleset(book: RuleBook, question: BacktestQuestion) -> RuleSet:
    known = {item.code: item for item in book.rulesets}
    ruleset = known.get(question.ruleset)
    if ruleset is None:
        raise _refused(question.ruleset, "unknown-ruleset", f"no rule set '{question.ruleset}'", known)
    levels = {level.code for level in ruleset.levels}
    if question.level is None and not ruleset.warnings:
        said = f"'{ruleset.code}' has levels, not warnings"
        raise RefusedError([Problem(Place("--level"), "no-level", said, f"add --level; {_choices(levels)}")])
    if question.level is not None and question.level not in levels:
        raise _refused("--level", "unknown-level", f"'{ruleset.code}' has no level '{question.level}'", levels)
    return ruleset


def _days(shipments: pl.DataFrame, question: BacktestQuestion, timezone: str) -> tuple[list[date], list[str]]:
    """The cut-offs that can be judged, and why the others cannot."""
    span = shipments.select(first=pl.col("at").min(), last=pl.col("at").max()).row(0)
    if None in span:
        remedy = "run 'kehu load' first"
        raise RefusedError([Problem(Place(question.ruleset), "no-events", "there are no shipments", remedy)])
    begin, end = (local_day(instant, timezone) for instant in span)
    terms = question.terms
    latest = end - terms.horizon
    last = question.last or latest
    days = days_between(question.first or question.step.after(last, -_STEPS_BACK), last, question.step)
    late = f"its horizon of {terms.horizon.days} days ends after the data, {end}"
    why = {day: late if day > latest else f"the data begin on {begin}" for day in days if not begin <= day <= latest}
    if len(why) == len(days):
        remedy = f"the last that can be judged is {latest}"
        raise RefusedError(Problem(Place("--to"), "no-cutoff", f"{day}: {said}", remedy) for day, said in why.items())
    return [day for day in days if day not in why], [f"{day} is left out: {said}" for day, said in why.items()]


def _baselines(cases: pl.DataFrame, window: int | None) -> tuple[Sign, ...]:
    own = sign_of(cases, OWN_GAP, pl.col("silent_micros") > pl.col("gap_p90_micros"))
    if window is None:
        return (own,)
    name = f"silent for {window} {'day' if window == 1 else 'days'} or more"
    return own, sign_of(cases, name, pl.col("silent_micros") >= window * DAY_MICROS)


def _on_window(window: int | None, day: date) -> str:
    if window is None:
        return f"no fixed window: of the customers active on {day} none left"
    return f"the fixed window is the one with the best F1 as of {day}, one horizon before the first cut-off"


def _refused(place: str, check: str, message: str, choices: Mapping[str, object] | set[str]) -> RefusedError:
    name = message.split("'")[-2]
    return RefusedError([Problem(Place(place), check, message, did_you_mean(name, choices))])


def _choices(levels: set[str]) -> str:
    return did_you_mean("", levels)
