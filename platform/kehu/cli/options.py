"""Options that several commands share, and what they open."""

import os
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Engine

from kehu.model.problems import Place, Problem, RefusedError
from kehu.store.database import open_database, upgrade
from kehu.workspace.workspace import Workspace, open_workspace

WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", "-w", help="The workspace's folder.", envvar="KEHU_WORKSPACE", show_default="here"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def now() -> datetime:
    """The machine's time in UTC: the one place where a command asks for it."""
    return datetime.now(UTC)


def workspace_at(folder: Path) -> Workspace:
    """The workspace with its settings from kehu.toml and KEHU_* variables."""
    return open_workspace(folder, os.environ)


def database_of(workspace: Workspace) -> Engine:
    """The workspace's database, made or brought to the newest schema first."""
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    return engine


def read_instant(text: str, workspace: Workspace) -> datetime:
    """An instant such as 2014-06-30 or 2014-06-30T18:00+08:00, in UTC.

    Without an offset it is the workspace's local time; a date alone means the end of that day. Raises RefusedError.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "write 2014-06-30 or 2014-06-30T18:00:00+08:00"
        raise RefusedError([Problem(Place("--as-of"), "instant", f"'{text}' is not an instant", remedy)]) from error
    if ":" not in text:
        instant = datetime.combine(instant.date(), time.max)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(workspace.settings.timezone))
    return instant.astimezone(UTC)
