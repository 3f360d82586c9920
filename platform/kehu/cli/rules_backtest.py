"""kehu rules backtest: how well a rule set foretold at earlier days who would leave."""

from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, workspace_at
from kehu.cli.output import progress, say, say_json, show_table
from kehu.pipeline.backtesting import Backtest, BacktestQuestion, backtest
from kehu.pipeline.cutoffs import read_day, read_length, read_step
from kehu.pipeline.replays import Sign, Terms
from kehu.rules.measures import Counts, wilson

HEADINGS = ("sign", "flagged", "left", "precision", "base rate", "lift", "recall", "lead days")
IN_TIME = "in time"


def backtest_rules(
    ruleset: Annotated[str, typer.Argument(metavar="RULESET", help="The rule set to try.")],
    *,
    level: Annotated[str | None, typer.Option("--level", help="The level to try, for tiers and flags.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First cut-off; two steps before the last.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last cut-off; the last whose horizon has passed.")] = None,
    step: Annotated[str, typer.Option("--step", help="From one cut-off to the next: 1m, 2w, 10d.")] = "1m",
    horizon: Annotated[str, typer.Option("--horizon", help="Who ships nothing for so long has left.")] = "90d",
    active: Annotated[
        str | None, typer.Option("--active", help="Who shipped so lately was a customer; the horizon by default.")
    ] = None,
    among: Annotated[str | None, typer.Option("--among", help="Only customers who meet this condition then.")] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="A CSV file of those who really left: system,record_key,churned_on.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Replay a rule set at earlier days and count how many of those it flagged shipped nothing afterwards.

    With --truth one looks who left by that file instead, so that silence and leaving are told apart.

    Example: kehu rules backtest churn_warning --from 2026-01-31 --step 1m --horizon 90d
    """
    length = read_length(horizon, "--horizon")
    question = BacktestQuestion(
        ruleset,
        read_step(step),
        Terms(length, length if active is None else read_length(active, "--active"), among),
        level,
        None if first is None else read_day(first, "--from"),
        None if last is None else read_day(last, "--to"),
        truth,
    )
    place = workspace_at(workspace)
    engine = database_of(place)
    with progress(quiet=json) as tell:
        found = backtest(place, engine, question, progress=tell)
    if json:
        say_json(backtest_document(found))
    else:
        show_backtest(found)


def backtest_document(found: Backtest) -> dict[str, object]:
    """What `kehu rules backtest --json` prints; a rate that cannot be told is null."""
    return {
        "ruleset": found.ruleset.code,
        "level": found.level,
        "horizon_days": found.terms.horizon.days,
        "active_days": found.terms.active.days,
        "among": found.terms.among,
        "truth": found.terms.truth.name if found.terms.truth else None,
        "cutoffs": [
            {"day": day.isoformat(), "active": counts.cases, "left": counts.outcomes, "base_rate": counts.base_rate}
            for day, counts in zip(found.days, found.combined.by_cutoff, strict=True)
        ],
        "signs": [_sign(sign) for sign in found.signs],
        "combined": _sign(found.combined),
        "baselines": [_sign(sign) for sign in found.baselines],
        "notes": list(found.notes),
        "seconds": found.seconds,
    }


def show_backtest(found: Backtest) -> None:
    """The backtest as tables for people."""
    rows = [
        (day.isoformat(), counts.cases, counts.outcomes, _percent(counts.base_rate))
        for day, counts in zip(found.days, found.combined.by_cutoff, strict=True)
    ]
    show_table("Cut-offs", ("at the end of", "active", "left", "base rate"), rows)
    tried = [*found.signs, *([found.combined] if len(found.signs) > 1 else []), *found.baselines]
    days, truth = found.terms.horizon.days, found.terms.truth
    outcome = f"ships nothing for {days} days" if truth is None else f"has left {days} days later by {truth.name}"
    title = f"{found.ruleset.code}: who {outcome} (95 % intervals)"
    if truth is None:
        show_table(title, HEADINGS, [_row(sign) for sign in tried])
    else:
        show_table(title, (*HEADINGS, IN_TIME), [(*_row(sign), sign.in_time) for sign in tried])
    for note in found.notes:
        say(f"note: {note}")


def _sign(sign: Sign) -> dict[str, object]:
    return {
        "name": sign.name,
        **_rates(sign.counts),
        "in_time": sign.in_time,
        "lead_days": sign.lead_days,
        "by_cutoff": [_rates(counts) for counts in sign.by_cutoff],
    }


def _rates(counts: Counts) -> dict[str, object]:
    return {
        "flagged": counts.flagged,
        "hits": counts.hits,
        "precision": counts.precision,
        "precision_95": wilson(counts.hits, counts.flagged),
        "base_rate": counts.base_rate,
        "lift": counts.lift,
        "recall": counts.recall,
        "recall_95": wilson(counts.hits, counts.outcomes),
    }


def _row(sign: Sign) -> tuple[object, ...]:
    counts = sign.counts
    return (
        sign.name,
        counts.flagged,
        counts.hits,
        _between(counts.precision, wilson(counts.hits, counts.flagged)),
        _percent(counts.base_rate),
        None if counts.lift is None else f"{counts.lift:.2f}",
        _between(counts.recall, wilson(counts.hits, counts.outcomes)),
        None if sign.lead_days is None else f"{sign.lead_days:.0f}",
    )


def _between(rate: float | None, interval: tuple[float, float] | None) -> str | None:
    if rate is None or interval is None:
        return None
    return f"{rate:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"


def _percent(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.1%}"
