"""kehu db: the database of a workspace."""

from pathlib import Path

import typer

from kehu.cli.options import WorkspaceOption, workspace_at
from kehu.cli.output import say
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
