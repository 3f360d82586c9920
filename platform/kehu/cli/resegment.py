"""kehu resegment: every rule set for every customer, published."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, workspace_at
from kehu.cli.output import progress, say, say_json, show_table
from kehu.pipeline import resegmenting
from kehu.pipeline.run_report import RunReport


def resegment(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The instant to pretend to be at; the workspace's clock by default.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare with the published run and write nothing.")
    ] = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Compute every rule set for every customer as of an instant and publish the answers at once.

    Example: kehu resegment --as-of 2026-10-31
    """
    place = workspace_at(workspace)
    instant = None if as_of is None else read_instant(as_of, place)
    engine = database_of(place)
    with progress(quiet=json) as tell:
        report = resegmenting.resegment(place, engine, instant, clock=now, progress=tell, dry_run=dry_run)
    if json:
        say_json(run_document(report))
    else:
        show_run(report)


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
    if report.slipping:
        say(f"{report.slipping:,} memberships last only by a grace or minimum stay")
    if report.by_hand:
        say(f"{report.by_hand:,} memberships were decided by hand, see 'kehu overrides list'")
    what = "dry run, nothing written" if report.run is None else f"run {report.run} published"
    say(
        f"{what}: {report.customers:,} customers as of {report.as_of:%Y-%m-%d %H:%M:%S} UTC; "
        f"{report.entered:,} entered a level, {report.left:,} left one; "
        f"{report.fired:,} warnings fired, {report.cleared:,} cleared"
    )
