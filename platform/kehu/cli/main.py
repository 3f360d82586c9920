"""The kehu command: its commands in one list, and how every one of them ends."""

import io
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from types import FrameType
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from kehu.cli.output import show_problems
from kehu.model.problems import Place, Problem, RefusedError

REFUSED, INTERRUPTED, TERMINATED = 1, 130, 143

# By name what makes each command, a function or a group of them.
COMMANDS = {
    "init": "kehu.cli.init:init",
    "demo": "kehu.cli.demo:demo",
    "load": "kehu.cli.load:load",
    "resegment": "kehu.cli.resegment:resegment",
    "rules": "kehu.cli.rules:app",
    "identity": "kehu.cli.identity:app",
    "overrides": "kehu.cli.overrides:app",
    "runs": "kehu.cli.runs:app",
    "export": "kehu.cli.export:export",
    "serve": "kehu.cli.serve:serve",
    "documents": "kehu.cli.documents:app",
    "erase": "kehu.cli.erase:erase",
    "erasures": "kehu.cli.erase:erasures",
    "subject-export": "kehu.cli.erase:subject_export",
    "db": "kehu.cli.database:app",
    "generate": "kehu.cli.generate:generate",
}


def app_of(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command with those of its commands alone: what others import takes longer than many a command to run."""
    app = typer.Typer(
        name="kehu",
        help="Kehu (客户): one file per customer, segmentation rules over all of them, a GraphQL API.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    # With a callback a single command keeps its name.
    app.callback()(_kehu)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"kehu {version('kehu')}")
        raise typer.Exit


_Version = Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")]


def _kehu(*, _version: _Version = False) -> None:
    pass


def main() -> None:
    """Run the command line; exit 0 done, 1 refused, 2 wrong usage, 3 some rows quarantined, 130 interrupted.

    Terminated by the system, it undoes what is under way as when interrupted, and dies of the signal.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Chinese letters gets escapes instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        _run()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stderr.write("interrupted; nothing half-done was kept\n")
        if end.code == TERMINATED:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _run() -> None:
    try:
        app_of(_asked(sys.argv[1:2]))()
    except RefusedError as error:
        show_problems(error.problems)
        sys.exit(REFUSED)
    except DBAPIError as error:
        sys.stderr.write(f"the database refused: {str(error.orig).strip()}\n")
        sys.exit(REFUSED)
    except OSError as error:
        # A full disk, a folder without the right to write: nothing of ours, and no reason for a traceback.
        said = f"the system refused: {error.strerror or error}"
        if error.filename:
            show_problems([Problem(Place(str(error.filename)), "system", said)])
        else:
            sys.stderr.write(f"{said}\n")
        sys.exit(REFUSED)


def _asked(first: Sequence[str]) -> Iterable[str]:
    """The commands the first word needs: the one it names, none for the version, all for anything else."""
    if first == ["--version"]:
        return ()
    return [name for name in first if name in COMMANDS] or COMMANDS


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
