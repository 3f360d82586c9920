"""kehu resegment: every rule set for every customer, published; once, or again and again."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, workspace_at
from kehu.cli.repeating import repeat
from kehu.cli.run_progress import run_progress
from kehu.cli.run_shown import show_outcome
from kehu.mirror.building import forget
from kehu.mirror.kept import forget_kept
from kehu.mirror.kept_customers import KeptCustomers
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.pipeline import resegmenting
from kehu.pipeline.facts import mirror_folder
from kehu.pipeline.known_erasures import check_erasures
from kehu.pipeline.resegmenting import How
from kehu.pipeline.schedule import read_schedule
from kehu.publish.kept_roll import KeptRoll
from kehu.publish.kept_values import KeptValues
from kehu.store.database import open_database
from kehu.workspace.settings import ENGINES, is_guard
from kehu.workspace.workspace import Workspace


def resegment(
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The instant to pretend to be at; the workspace's clock by default.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare with the published run and write nothing.")
    ] = False,
    guard: Annotated[
        str | None,
        typer.Option("--guard", help="'off', or the share such as 0.5; the setting guard_max_change by default."),
    ] = None,
    every: Annotated[str | None, typer.Option("--every", help="Stay and run again each 1d, 6h or 30m.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="The local time of day to run at with --every in days.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Count the events of every customer anew, not only of those concerned.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the mirror of the events anew, whatever state it is in.")
    ] = False,
    engine: Annotated[
        str | None, typer.Option("--engine", help="'polars' or 'spark'; the setting engine by default.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Compute every rule set for every customer as of an instant and publish the answers at once.

    A run counts the events only of customers whose events changed, or for whom a window's edge passed one, since the
    last run; its answers are those of --full. A level that grows or shrinks by more than the guard allows holds the
    run: readers keep the last one, and the command ends with 1.

    Example: kehu resegment --as-of 2026-10-31
    """
    place = _computed_by(_guarded(workspace_at(workspace), guard), engine)
    if rebuild:
        _forget_mirror(place)
    if every is None and at is None:
        instant = None if as_of is None else read_instant(as_of, place)
        _run(place, database_of(place), instant, How(dry_run=dry_run, full=full), json=json)
        return
    schedule = read_schedule(every, at, place.settings.timezone)
    if as_of is not None or dry_run:
        raise typer.BadParameter("--every runs by the clock and publishes: leave --as-of and --dry-run out")
    repeat(schedule, lambda: _run(place, database_of(place), None, How(full=full), json=json))


def _forget_mirror(workspace: Workspace) -> None:
    """Let the run build the workspace's mirror anew, and use nothing else that was kept beside it."""
    folder = mirror_folder(open_database(workspace.settings.database_url), workspace.root)
    if folder is not None:
        forget(folder)
        forget_kept(folder)
        KeptCustomers(folder, lambda _what, _rows: None).forget()
        KeptRoll(folder, lambda _what, _rows: None).forget()
        KeptValues(folder, lambda _what, _rows: None).forget()


def _run(workspace: Workspace, engine: Engine, as_of: datetime | None, how: How, *, json: bool) -> None:
    try:
        check_erasures(workspace, engine)
        with run_progress(engine, quiet=json) as tell:
            report = resegmenting.resegment(workspace, engine, as_of, clock=now, progress=tell, how=how)
    finally:
        engine.dispose()
    show_outcome(report, json=json)


def _guarded(workspace: Workspace, guard: str | None) -> Workspace:
    if guard is None:
        return workspace
    if not is_guard(guard):
        remedy = "give a share such as 0.3, or 'off'"
        raise RefusedError([Problem(Place("--guard"), "guard", f"'{guard}' is not a share", remedy)])
    return replace(workspace, settings=replace(workspace.settings, guard_max_change=guard))


def _computed_by(workspace: Workspace, engine: str | None) -> Workspace:
    if engine is None:
        return workspace
    if engine not in ENGINES:
        remedy = did_you_mean(engine, ENGINES)
        raise RefusedError([Problem(Place("--engine"), "engine", f"'{engine}' is not an engine", remedy)])
    return replace(workspace, settings=replace(workspace.settings, engine=engine))
