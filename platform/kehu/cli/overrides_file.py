"""Overrides in a CSV file: read whole, each cell knowing its line and column."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from kehu.cli.overrides_times import read_expiry, read_start
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.wishes import Wish
from kehu.workspace.csv_cells import Cell, read_cells, uneven
from kehu.workspace.workspace import Workspace

REQUIRED = ("customer", "ruleset", "code", "effect", "reason")
OPTIONAL = ("author", "starts_at", "expires_at")


def read_wishes(path: Path, workspace: Workspace, author: str) -> tuple[list[Wish], list[Problem]]:
    """The rows that have every column, and what is wrong with the others; a row without an author has `author`.

    Raises RefusedError when the file is not readable as CSV in UTF-8 or GB18030, or its header is wrong.
    """
    rows = read_cells(path)
    if not rows:
        said = "the file is empty, not even a header"
        remedy = f"begin with {','.join(REQUIRED)}"
        raise RefusedError([Problem(Place(str(path)), "csv-header", said, remedy)])
    header = _header(rows[0], str(path))
    wishes: list[Wish] = []
    problems: list[Problem] = []
    for row in rows[1:]:
        wrong = uneven(row, header)
        if wrong is None:
            wishes.append(_wish(dict(zip(header, row, strict=True)), workspace, author))
        else:
            problems.append(wrong)
    return wishes, problems


def _header(row: Sequence[Cell], path: str) -> list[str]:
    names = [cell.text for cell in row]
    known = (*REQUIRED, *OPTIONAL)
    problems = [
        Problem(cell.place, "csv-header", f"unknown column '{cell.text}'", did_you_mean(cell.text, known))
        for cell in row
        if cell.text not in known
    ]
    problems += [
        Problem(cell.place, "csv-header", f"a second column '{cell.text}'", "keep one")
        for index, cell in enumerate(row)
        if cell.text in known and cell.text in names[:index]
    ]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        remedy = f"separate by commas: {','.join(known)}; the last three may be left out"
        problems.append(Problem(Place(path), "csv-header", f"no column {', '.join(map(repr, missing))}", remedy))
    refuse_errors(problems)
    return names


def _wish(cells: Mapping[str, Cell], workspace: Workspace, author: str) -> Wish:
    first = next(iter(cells.values())).place
    problems: list[Problem] = []

    def text(name: str) -> str:
        return cells[name].text if name in cells else ""

    def instant(name: str, read: Callable[[str, Workspace, Place], datetime]) -> datetime | None:
        try:
            return read(text(name), workspace, cells[name].place) if text(name) else None
        except RefusedError as error:
            problems.extend(error.problems)
            return None

    return Wish(
        **{name: text(name) for name in REQUIRED},
        author=text("author") or author,
        starts_at=instant("starts_at", read_start),
        expires_at=instant("expires_at", read_expiry),
        places={name: cells[name].place if name in cells else first for name in (*REQUIRED, *OPTIONAL)},
        problems=tuple(problems),
    )
