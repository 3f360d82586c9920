"""kehu runs: what the runs were and did."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.cli.run_shown import recount_said
from kehu.cli.runs_decided import discard_held, publish, rollback
from kehu.model.problems import Place, Problem, RefusedError
from kehu.tables.runs import publication, runs

app = typer.Typer(help="What the runs were and did, and what people decide about them.", no_args_is_help=True)
app.command("publish")(publish)
app.command("discard")(discard_held)
app.command("rollback")(rollback)
_COLUMNS = ("id", "state", "as_of", "customers", "started_at", "finished_at", "error")
_MORE = ("author", "replaces_run_id", "restores_run_id", "engine", "rule_digest", "feature_digest")


@app.command("list")
def list_runs(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """The runs, newest first; the published one is marked.

    Example: kehu runs list
    """
    place = workspace_at(workspace)
    with database_of(place).connect() as connection:
        published = connection.execute(select(publication.c.run_id)).scalar()
        found = connection.execute(select(*(runs.c[name] for name in _COLUMNS)).order_by(runs.c.id.desc())).mappings()
        rows = [dict(row) | {"published": row["id"] == published} for row in found]
    if json:
        say_json({"runs": rows})
    elif rows:
        show_table("Runs", (*_COLUMNS, "published"), [[_shown(value) for value in row.values()] for row in rows])
    else:
        say("no run yet; 'kehu resegment' makes the first")


@app.command("show")
def show(
    run: Annotated[int, typer.Argument(help="The run's number.", min=1, max=2**63 - 1)],
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """One run: its instant, counts per level, warnings, seconds per stage.

    Example: kehu runs show 3
    """
    place = workspace_at(workspace)
    with database_of(place).connect() as connection:
        row = connection.execute(select(runs).where(runs.c.id == run)).mappings().one_or_none()
    if row is None:
        raise RefusedError([Problem(Place("run"), "unknown-run", f"there is no run {run}", "see 'kehu runs list'")])
    if json:
        say_json(dict(row))
        return
    counts = row["counts"] or {}
    show_table("Run", ("what", "value"), [(name, _shown(row[name])) for name in (*_COLUMNS, *_MORE)])
    if counts.get("recount"):
        say(recount_said(counts["recount"]))
    levels = [
        (ruleset, level, n) for ruleset, levels in counts.get("levels", {}).items() for level, n in levels.items()
    ]
    show_table("Levels", ("rule set", "level", "members"), levels)
    show_table("Warnings", ("warning", "customers"), list(counts.get("warnings", {}).items()))
    show_table(
        "Stages", ("stage", "seconds", "CPU seconds", "peak MB", "rows"), [_stage(each) for each in row["stages"] or ()]
    )


def _stage(stage: Mapping[str, Any]) -> tuple[Any, ...]:
    return stage["stage"], stage["seconds"], stage["cpu_seconds"], stage["peak_bytes"] // 1_000_000, stage["rows"]


def _shown(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int)) else str(value)
