"""Options that several commands share, and what they open."""

import os
from datetime import UTC, datetime, time
from getpass import getuser
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.instants import year_problems
from kehu.store.database import open_database, upgrade
from kehu.workspace.workspace import Workspace, open_workspace

WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", "-w", help="The workspace's folder.", envvar="KEHU_WORKSPACE", show_default="here"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

_CHECK = "check 'database_url', that the server is up or the file a database, its rights and the space on its disk"


def now() -> datetime:
    """The machine's time in UTC: the one place where a command asks for it."""
    return datetime.now(UTC)


def workspace_at(folder: Path) -> Workspace:
    """The workspace with its settings from kehu.toml and KEHU_* variables."""
    return open_workspace(folder, os.environ)


def database_of(workspace: Workspace) -> Engine:
    """The workspace's database, made or brought to the newest schema first; RefusedError when it does not open."""
    engine = open_database(workspace.settings.database_url)
    try:
        upgrade(engine)
    except DBAPIError as error:
        place = Place(engine.url.render_as_string(hide_password=True))
        said = str(error.orig).strip().splitlines() or [""]
        raise RefusedError([Problem(place, "database", f"the database does not open: {said[0]}", _CHECK)]) from error
    return engine


def system_user() -> str:
    """Whom the system says this is; wrong usage where it does not know."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError) as error:
        raise typer.BadParameter("the system does not know who you are: give --author") from error


def read_instant(text: str, workspace: Workspace, place: Place | None = None) -> datetime:
    """An instant such as 2014-06-30 or 2014-06-30T18:00+08:00, in UTC.

    Without an offset it is the workspace's local time; a date alone means the end of that day. Raises RefusedError,
    at `place` or else '--as-of', also for a year before 1900 or after 9998, which windows of days would reach out of
    the calendar.
    """
    where = place or Place("--as-of")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "write 2014-06-30 or 2014-06-30T18:00:00+08:00"
        raise RefusedError([Problem(where, "instant", f"'{text}' is not an instant", remedy)]) from error
    refuse_errors(year_problems(instant, text, where))
    if ":" not in text:
        instant = datetime.combine(instant.date(), time.max)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(workspace.settings.timezone))
    return instant.astimezone(UTC)
