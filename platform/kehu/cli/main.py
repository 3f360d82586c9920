"""The kehu command: its commands in one list, and how every one of them ends."""

import io
import signal
import sys
from types import FrameType

import typer
from sqlalchemy.exc import DBAPIError

from kehu.cli import database, demo, export, generate, identity, init, load, overrides, resegment, rules, runs, serve
from kehu.cli.output import show_problems
from kehu.model.problems import Place, Problem, RefusedError

REFUSED, INTERRUPTED, TERMINATED = 1, 130, 143

app = typer.Typer(
    name="kehu",
    help="Kehu (客户): one file per customer, segmentation rules over all of them, a GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("load")(load.load)
app.command("resegment")(resegment.resegment)
app.add_typer(rules.app, name="rules")
app.add_typer(identity.app, name="identity")
app.add_typer(overrides.app, name="overrides")
app.add_typer(runs.app, name="runs")
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.add_typer(database.app, name="db")
app.command("generate")(generate.generate)


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
        app()
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


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
