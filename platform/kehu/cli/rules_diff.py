"""kehu rules diff: who would move if the rule directory as it stands replaced another."""

import json as json_texts
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.identity_diff import show_identity
from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, workspace_at
from kehu.cli.output import progress, say, say_json, show_table
from kehu.pipeline.diffing import DiffQuestion, RuleDiff, diff_rules
from kehu.rules.differences import Change, Move, RuleSetDifference, WarningDifference
from kehu.rules.figures import figure_types

GATE_FAILED = 1
NONE = "none"
# Who gets a level of a new rule set, or loses one with its rule set, does not move in the sense of the figures.
_DO: Mapping[Change, str] = {"changed": "move", "added": "get a level", "removed": "lose their level"}


def diff(
    base: Annotated[
        str | None,
        typer.Option(
            "--base", help="'published', 'shipped', a folder or a git revision; the published run's rules by default."
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The instant to pretend to be at; the workspace's clock by default.")
    ] = None,
    fail_if: Annotated[
        str | None, typer.Option("--fail-if", help="Exit 1 when this expression over the figures is true.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Who moves from which level to which, and which warnings come and go; nothing is written.

    Example: kehu rules diff --base main --fail-if 'moved_share > 0.05'
    """
    place = workspace_at(workspace)
    question = DiffQuestion(base, None if as_of is None else read_instant(as_of, place), fail_if)
    engine = database_of(place)
    with progress(quiet=json) as tell:
        found = diff_rules(place, engine, question, clock=now, progress=tell)
    if json:
        say_json(diff_document(found, fail_if))
    else:
        show_diff(found, fail_if)
    if found.failed:
        raise typer.Exit(GATE_FAILED)


def diff_document(found: RuleDiff, fail_if: str | None) -> dict[str, object]:
    """What `kehu rules diff --json` prints; amounts are exact decimal texts."""
    return {
        "base": found.base,
        "as_of": found.as_of.isoformat(),
        "figures": _figures(found),
        "fail_if": None if fail_if is None else {"expression": fail_if, "true": found.failed},
        "files": [
            {"path": each.path, "change": each.change, "added": each.lines_added, "removed": each.lines_removed}
            for each in found.files
        ],
        "rulesets": [_ruleset(item, found) for item in found.difference.rulesets],
        "warnings": [_warning(item, found) for item in found.difference.warnings],
        "identity": None if found.identity is None else asdict(found.identity),
        "notes": list(found.notes),
        "seconds": found.seconds,
    }


def show_diff(found: RuleDiff, fail_if: str | None) -> None:
    """The difference as tables for people."""
    files = [(each.path, each.change, each.lines_added, each.lines_removed) for each in found.files]
    if files:
        show_table(f"Rule files against {found.base}", ("file", "change", "lines added", "lines removed"), files)
    for item in found.difference.rulesets:
        if item.moved or item.levels_added or item.levels_removed:
            _show_ruleset(item, found)
    signs = [
        (item.ruleset, item.code, item.change, item.gained, item.lost)
        for item in found.difference.warnings
        if item.gained or item.lost or item.change != "changed"
    ]
    if signs:
        show_table("Warnings", ("rule set", "warning", "change", "gained", "lost"), signs)
    samples = [sample for item in found.difference.warnings for sample in _warning_samples(item, found)]
    if samples:
        rows = [
            (row["warning"], row["uid"], row["name"], _grouped(row["revenue"]), row["then"], row["now"])
            for row in samples
        ]
        show_table("Whose warnings come and go", ("warning", "uid", "name", "revenue", "then", "now"), rows)
    if found.identity is not None:
        show_identity(found.identity)
    for note in found.notes:
        say(f"note: {note}")
    _show_summary(found)
    if fail_if is not None:
        say(f"fail if {fail_if}: {'yes' if found.failed else 'no'}")


def _show_summary(found: RuleDiff) -> None:
    figures = _figures(found)
    revenue = f", {_grouped(figures['revenue_moved'])} of revenue" if found.revenue_scale is not None else ""
    is_partial = bool(found.figures["rulesets_added"] or found.figures["rulesets_removed"])
    where = " in rule sets that both sides have" if is_partial else ""
    say(
        f"against {found.base}, {found.figures['customers']:,} customers as of {found.as_of:%Y-%m-%d %H:%M:%S} UTC: "
        f"{found.figures['moved']:,} move ({figures['moved_share']:.2%}{revenue}){where}; "
        f"{found.figures['warnings_gained']:,} warnings gained, {found.figures['warnings_lost']:,} lost"
    )


def _show_ruleset(item: RuleSetDifference, found: RuleDiff) -> None:
    levels = list(dict.fromkeys(level for move in item.moves for level in (move.before, move.after)))
    cells = {(move.before, move.after): move.customers for move in item.moves}
    rows = [
        (level or NONE, *(cells.get((level, then), 0) for then in levels))
        for level in levels
        if any((level, then) in cells for then in levels)
    ]
    counted = f"{item.code} ({item.change}): {item.moved:,} {_DO[item.change]}"
    title = f"{counted}, from the level in the row to that in the column"
    show_table(title, ("from \\ to", *(level or NONE for level in levels)), rows)
    samples = [(move, sample) for move in item.moves for sample in _samples(item.code, move, found)]
    if samples:
        lines = [
            (
                f"{move.before or NONE} → {move.after or NONE}",
                *(row["uid"], row["name"], _grouped(row["revenue"]), _said(row["then"]), _said(row["now"])),
            )
            for move, row in samples
        ]
        show_table(f"Who moves in {item.code}", ("move", "uid", "name", "revenue", "then", "now"), lines)


def _figures(found: RuleDiff) -> dict[str, object]:
    """Counts whole, revenue as exact text, shares as numbers."""
    types = figure_types(found.revenue_scale)
    shown: dict[str, object] = dict(found.figures)
    for name in ("moved_share", "revenue_moved_share"):
        if name in found.figures:
            shown[name] = found.figures[name] / 10 ** types[name].scale
    if "revenue_moved" in shown:
        shown["revenue_moved"] = _amount(found.figures["revenue_moved"], found)
    return shown


def _ruleset(item: RuleSetDifference, found: RuleDiff) -> dict[str, object]:
    return {
        "ruleset": item.code,
        "change": item.change,
        "moved": item.moved,
        "moved_share": item.moved / max(found.figures["customers"], 1),
        "revenue_moved": _amount(item.weight_moved, found),
        "levels_added": list(item.levels_added),
        "levels_removed": list(item.levels_removed),
        "moves": [
            {
                "from": move.before,
                "to": move.after,
                "customers": move.customers,
                "revenue": _amount(move.weight, found),
                "samples": _samples(item.code, move, found),
            }
            for move in item.moves
        ],
    }


def _warning(item: WarningDifference, found: RuleDiff) -> dict[str, object]:
    return {
        "ruleset": item.ruleset,
        "warning": item.code,
        "change": item.change,
        "gained": item.gained,
        "lost": item.lost,
        "samples": [{name: row[name] for name in row if name != "warning"} for row in _warning_samples(item, found)],
    }


def _samples(ruleset: str, move: Move, found: RuleDiff) -> list[dict[str, object]]:
    reasons = found.reasons
    return [
        _person(customer, found)
        | {"then": _parsed(reasons.then.get((customer, ruleset, move.before or "")))}
        | {"now": _parsed(reasons.now.get((customer, ruleset, move.after or "")))}
        for customer in move.samples
        if customer in found.people
    ]


def _warning_samples(item: WarningDifference, found: RuleDiff) -> list[dict[str, object]]:
    reasons = found.reasons
    return [
        {"warning": item.code}
        | _person(customer, found)
        | {"then": reasons.then.get((customer, item.ruleset, item.code))}
        | {"now": reasons.now.get((customer, item.ruleset, item.code))}
        for customer in (*item.gained_samples, *item.lost_samples)
        if customer in found.people
    ]


def _person(customer: int, found: RuleDiff) -> dict[str, object]:
    person = found.people[customer]
    return {"uid": person.uid, "name": person.name, "revenue": _amount(found.revenue_of[customer], found)}


def _parsed(reason: str | None) -> object:
    """Without what is kept for telling distances."""
    if reason is None:
        return None
    told: dict[str, object] = json_texts.loads(reason)
    return {name: value for name, value in told.items() if name != "next"}


def _said(reason: object) -> str | None:
    """A level's reason in a line: the condition, then the values it looked at."""
    if not isinstance(reason, dict):
        return None
    values = ", ".join(
        f"{name} {'unknown' if value is None else value}" for name, value in (reason["features"] or {}).items()
    )
    return f"{reason['when']} ({values})" if values else str(reason["when"])


def _grouped(amount: object) -> str | None:
    """An exact amount as people read it; None stays None."""
    return None if amount is None else f"{Decimal(str(amount)):,f}"


def _amount(stored: int, found: RuleDiff) -> str | None:
    """Exact, in the currency's major unit; None where there is no revenue feature."""
    return None if found.revenue_scale is None else str(Decimal(stored).scaleb(-found.revenue_scale))
