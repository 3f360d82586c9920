"""kehu runs publish, discard and rollback: what people decide about runs."""

from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, system_user, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.cli.run_progress import run_progress
from kehu.cli.run_shown import show_outcome
from kehu.pipeline.confirming import publish_held
from kehu.pipeline.rolling_back import RollbackReport, discard, roll_back

RunArgument = Annotated[int, typer.Argument(help="The run's number.", min=1, max=2**63 - 1)]
AuthorOption = Annotated[str, typer.Option("--author", help="Who decides it.", show_default="the system's user")]


def publish(
    run: RunArgument, author: AuthorOption = "", workspace: WorkspaceOption = Path(), json: JsonOption = False
) -> None:
    """Publish a run that the size guard holds: the sizes it found are right.

    It is computed again as of its instant; when customers have changed meanwhile so that other sizes come out, it is
    held once more.

    Example: kehu runs publish 7
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    with run_progress(engine, quiet=json) as tell:
        report = publish_held(place, engine, run, author=author or system_user(), clock=now, progress=tell)
    show_outcome(report, json=json)


def discard_held(
    run: RunArgument, author: AuthorOption = "", workspace: WorkspaceOption = Path(), json: JsonOption = False
) -> None:
    """Let a run that the size guard holds never be published.

    Example: kehu runs discard 7
    """
    discard(database_of(workspace_at(workspace)), run, author=author or system_user(), clock=now)
    if json:
        say_json({"discarded": run})
    else:
        say(f"run {run} discarded")


def rollback(
    run: Annotated[
        int | None, typer.Argument(help="The run to go back to; the one before by default.", min=1, max=2**63 - 1)
    ] = None,
    author: AuthorOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing.")] = False,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Make the answers of an earlier run the published ones again, at once and as a run of its own.

    Example: kehu runs rollback 6 --dry-run
    """
    engine = database_of(workspace_at(workspace))
    report = roll_back(engine, run, author=author or system_user(), clock=now, dry_run=dry_run)
    if json:
        say_json(_document(report))
        return
    show_table("Moves", ("rule set", "from", "to", "customers"), report.moves)
    what = "dry run, nothing written" if report.run is None else f"run {report.run} published"
    say(
        f"{what}: back from run {report.from_run} to the answers of run {report.to_run} "
        f"as of {report.as_of:%Y-%m-%d %H:%M:%S} UTC; {report.entered:,} entered a level, {report.left:,} left one; "
        f"{report.fired:,} warnings open again, {report.cleared:,} cleared"
    )


def _document(report: RollbackReport) -> dict[str, object]:
    changed = {name: getattr(report, name) for name in ("entered", "left", "fired", "cleared")}
    moves = [dict(zip(("ruleset", "from", "to", "customers"), move, strict=True)) for move in report.moves]
    ends = {"from_run": report.from_run, "to_run": report.to_run, "as_of": report.as_of.isoformat()}
    return {"run": report.run, **ends, **changed, "moves": moves, "published": report.run is not None}
