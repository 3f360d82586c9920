"""kehu load: departmental exports into the graph."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, workspace_at
from kehu.cli.output import progress, say, say_json, show_hint, show_table
from kehu.pipeline import loading
from kehu.pipeline.loading import LoadReport

QUARANTINED = 3


def load(
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; all by default.")] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Load the files of the workspace's sources; a file loaded twice changes nothing.

    Rows that do not fit are kept in quarantine with their reason; then the exit code is 3.

    Example: kehu load crm_customers tms_waybills
    """
    place = workspace_at(workspace)
    with progress(quiet=json) as tell:
        report = loading.load(place, database_of(place), sources or [], clock=now, progress=tell)
    if json:
        say_json(load_document(report))
    else:
        show_load(report)
    if report.quarantined:
        raise typer.Exit(QUARANTINED)


def load_document(report: LoadReport) -> dict[str, object]:
    """What `kehu load --json` prints."""
    resolved = None if report.resolved is None else asdict(report.resolved)
    return {"files": [asdict(file) for file in report.files], "customers": resolved}


def show_load(report: LoadReport) -> None:
    """The load as tables for people."""
    refused = sum(file.refused for file in report.files)
    counts = ("read", "loaded", "unchanged", "quarantined", *(["refused"] if refused else []))
    columns = ("source", "file", *counts)
    show_table("Rows", columns, [[getattr(file, column) for column in columns] for file in report.files])
    if report.resolved is None:
        say("nothing had changed")
    else:
        resolved = report.resolved
        say(f"{resolved.records:,} records are {resolved.customers:,} customers ({resolved.new:,} new)")
    if refused:
        say(f"{refused:,} rows of erased persons were refused; 'kehu erasures' lists the erasures")
    if report.quarantined:
        show_hint("quarantined rows are kept with their reason: query { quarantine { … } }, or table quarantine")
