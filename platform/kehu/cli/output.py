"""What a command shows: tables and progress for people, one JSON document for machines, problems for both."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kehu.model.problems import Problem
from kehu.pipeline.progress import Progress


def say(text: str = "") -> None:
    """A line on standard output, exactly as given."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(value: object) -> None:
    """The one JSON document of a `--json` call."""
    say(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; numbers stand right, whole ones in groups of three digits."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, name in enumerate(columns):
        numeric = any(isinstance(row[index], (int, float)) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console(stderr=False).print(table)


def show_problems(problems: Sequence[Problem]) -> None:
    """Every problem on standard error, one a line, and how many there are."""
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    errors = sum(problem.severity == "error" for problem in problems)
    sys.stderr.write(f"{errors} {'error' if errors == 1 else 'errors'}\n")


def show_hint(text: str) -> None:
    """A remark on standard error."""
    console(stderr=True).print(escape(text), style="dim", highlight=False)


def console(*, stderr: bool) -> Console:
    """A console of its terminal's width; where there is no terminal, wide enough for any table of ours."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 160, soft_wrap=not stream.isatty())


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Progress on standard error: a moving line on a terminal, a plain line per stage elsewhere."""
    if quiet:
        yield lambda _what, _rows: None
    elif sys.stderr.isatty():
        with _moving() as tell:
            yield tell
    else:
        yield _plain()


@contextmanager
def _moving() -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with RichProgress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda what, rows: bar.update(task, description=_description(what, rows))


def _plain() -> Progress:
    told: set[str] = set()

    def tell(what: str, rows: int) -> None:
        if what not in told:
            told.add(what)
            sys.stderr.write(f"{_description(what, rows if rows == 0 else 0)}\n")
            sys.stderr.flush()

    return tell


def _description(what: str, rows: int) -> str:
    return f"{what}: {rows:,} rows" if rows else what


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.3f}" if isinstance(value, float) else escape(str(value))
