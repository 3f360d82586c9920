"""What a run found, as people and machines are told."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from kehu.cli.output import say, say_json, show_problems, show_table
from kehu.model.problems import Place, Problem
from kehu.pipeline.run_report import RunReport

HELD = 1


def show_outcome(report: RunReport, *, json: bool) -> None:
    """The run; where it is held, why on standard error, and the command ends with 1."""
    if json:
        say_json(run_document(report))
    else:
        show_run(report)
    if report.held and report.run is not None:
        how = f"'kehu runs publish {report.run}' if that is right, else 'kehu runs discard {report.run}'"
        show_problems([Problem(Place(f"run {report.run}"), "size-guard", str(change), how) for change in report.held])
        raise typer.Exit(HELD)


def run_document(report: RunReport) -> dict[str, object]:
    """What `kehu resegment --json` prints."""
    return {
        "run": report.run,
        "as_of": report.as_of.isoformat(),
        "customers": report.customers,
        "levels": report.levels,
        "warnings": report.warnings,
        "entered": report.entered,
        "left": report.left,
        "fired": report.fired,
        "cleared": report.cleared,
        "slipping": report.slipping,
        "by_hand": report.by_hand,
        "row_errors": report.row_errors,
        "recount": None if report.recount is None else asdict(report.recount),
        "seconds": report.seconds,
        "stages": [asdict(stage) for stage in report.stages],
        "held": [asdict(change) for change in report.held],
        "published": report.is_published,
    }


def show_run(report: RunReport) -> None:
    """The run as tables for people."""
    rows = [(ruleset, level, count) for ruleset, levels in report.levels.items() for level, count in levels.items()]
    show_table("Levels", ("rule set", "level", "members"), rows)
    show_table("Warnings", ("warning", "customers"), list(report.warnings.items()))
    for rule, count in report.row_errors.items():
        say(f"{rule}: could not be computed for {count:,} customers, who are left out of it")
    if report.recount is not None:
        say(recount_said(asdict(report.recount)))
    if report.slipping:
        say(f"{report.slipping:,} memberships last only by a grace or minimum stay")
    if report.by_hand:
        say(f"{report.by_hand:,} memberships were decided by hand, see 'kehu overrides list'")
    if report.held and report.run is None:
        say(f"the size guard would hold it: {'; '.join(map(str, report.held))}")
    say(
        f"{_what(report)}: {report.customers:,} customers as of {report.as_of:%Y-%m-%d %H:%M:%S} UTC; "
        f"{report.entered:,} entered a level, {report.left:,} left one; "
        f"{report.fired:,} warnings fired, {report.cleared:,} cleared"
    )


def recount_said(recount: Mapping[str, Any]) -> str:
    """Whose events a run counted anew, and why, in a sentence; `recount` is as the record of a run has it."""
    if recount["why"]:
        return f"the events of all {recount['everyone']:,} customers were counted: {recount['why']}"
    parts = [
        f"the events of {recount['customers']:,} of {recount['everyone']:,} customers were counted anew:",
        f"{recount['changed']:,} whose events changed and {recount['crossed']:,} of whom a window's edge passed one",
    ]
    everyone = f"; for everyone {', '.join(recount['for_all'])}" if recount["for_all"] else ""
    return " ".join(parts) + everyone


def _what(report: RunReport) -> str:
    if report.run is None:
        return "dry run, nothing written"
    return f"run {report.run} held, not published" if report.held else f"run {report.run} published"
