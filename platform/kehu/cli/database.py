"""kehu db: the database of a workspace."""

from pathlib import Path

import typer
from sqlalchemy import Engine

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, workspace_at
from kehu.cli.output import say, say_json, show_problems, show_table
from kehu.mirror.checking import Comparison, compare_mirror
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.facts import mirror_folder
from kehu.pipeline.transactions import reading
from kehu.publish.kept_values import KeptValues
from kehu.store import database
from kehu.store.database import open_database

app = typer.Typer(help="The workspace's database.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(workspace: WorkspaceOption = Path()) -> None:
    """Bring the database to the newest schema; every command does so too.

    Example: kehu db upgrade
    """
    engine = open_database(workspace_at(workspace).settings.database_url)
    with engine.connect() as connection:
        before = database.current_revision(connection)
    database.upgrade(engine)
    with engine.connect() as connection:
        after = database.current_revision(connection)
    say(f"at revision {after} already" if before == after else f"from revision {before or 'none'} to {after}")


@app.command("check")
def check(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """Compare the mirror that runs read, brought up to date, with the database: number and content of all events.

    So are the values of served features that are kept beside it. Ends with 1 when they differ. Example: kehu db check
    """
    place = workspace_at(workspace)
    engine = database_of(place)
    folder = mirror_folder(engine, place.root) or place.root
    try:
        comparisons, problems = compare_mirror(engine, folder)
    except OSError as error:
        remedy = "see that the disk has space and that the folder may be written"
        raise RefusedError([Problem(Place(str(folder)), "mirror", str(error), remedy)]) from error
    problems += _strayed(engine, folder)
    if json:
        streams = {each.stream: {"stored": each.stored.rows, "mirrored": each.mirrored.rows} for each in comparisons}
        say_json({"streams": streams, "problems": [problem.message for problem in problems]})
    else:
        rows = [(each.stream, each.stored.rows, each.mirrored.rows, _said(each)) for each in comparisons]
        show_table("Mirror", ("events", "in the database", "in the mirror", "content"), rows)
        if problems:
            show_problems(problems)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


def _strayed(engine: Engine, folder: Path) -> list[Problem]:
    with reading(engine) as connection:
        count = KeptValues(folder, lambda _said, _done: None).strayed(connection)
    said = f"the values of features of {count:,} customers in the database are not those kept beside it"
    remedy = "run 'kehu resegment --rebuild' to write them anew"
    return [Problem(Place(str(folder)), "mirror", said, remedy)] if count else []


def _said(comparison: Comparison) -> str:
    return "equal" if comparison.stored == comparison.mirrored else "differs"
