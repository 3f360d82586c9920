"""Overrides in a CSV file: read whole, each cell knowing its line and column."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kehu.cli.overrides_times import read_expiry, read_start
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.wishes import Wish
from kehu.workspace.workspace import Workspace

REQUIRED = ("customer", "ruleset", "code", "effect", "reason")
OPTIONAL = ("author", "starts_at", "expires_at")
_LARGEST_BYTES, _MOST_ROWS, _MOST_CELLS = 10_000_000, 50_000, 50
# Quoted, with quotes inside doubled, or plain; then what ends it. Possessive, so that no text takes long to refuse.
_CELL = re.compile(r'[ \t]*+"((?:[^"]++|"")*+)"[ \t]*+(,|\r\n|\n|\r|\Z)|([^,"\r\n]*+)(,|\r\n|\n|\r|\Z)')
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    place: Place


def read_wishes(path: Path, workspace: Workspace, author: str) -> tuple[list[Wish], list[Problem]]:
    """The rows that have every column, and what is wrong with the others; a row without an author has `author`.

    Raises RefusedError when the file is not readable as CSV in UTF-8 or GB18030, or its header is wrong.
    """
    rows = list(_rows(_read_text(path), str(path)))
    if not rows:
        said = "the file is empty, not even a header"
        raise _refusal(Place(str(path)), "csv-header", said, f"begin with {','.join(REQUIRED)}")
    header = _header(rows[0], str(path))
    wishes: list[Wish] = []
    problems: list[Problem] = []
    for row in rows[1:]:
        if len(row) == len(header):
            wishes.append(_wish(dict(zip(header, row, strict=True)), workspace, author))
        else:
            said = f"the row has {len(row)} cells, the header {len(header)}"
            problems.append(Problem(row[0].place, "csv-row", said, "quote cells that hold a comma"))
    return wishes, problems


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST_BYTES else None
    except OSError as error:
        said = f"the file cannot be read: {error.strerror}"
        raise _refusal(Place(str(path)), "unreadable-file", said, "check its path and rights") from error
    if data is None:
        said = f"the file has more than {_LARGEST_BYTES:,} bytes"
        raise _refusal(Place(str(path)), "file-too-large", said, "split it")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    said = "the file is neither UTF-8 nor GB18030"
    raise _refusal(Place(str(path)), "encoding", said, "save it as CSV UTF-8")


def _rows(text: str, path: str) -> Iterator[list[_Cell]]:
    """The rows that have any text. Raises RefusedError where the quotes do not match, and for too much of anything."""
    row: list[_Cell] = []
    position = line_start = 0
    line, rows = 1, 0
    while position < len(text):
        place = Place(path, line, position - line_start + 1)
        found = _CELL.match(text, position)
        if found is None:
            raise _refusal(place, "csv-quotes", "the quotes do not match", "double a quote inside a quoted cell")
        quoted, quoted_end, plain, plain_end = found.groups()
        row.append(_Cell(plain.strip() if quoted is None else quoted.replace('""', '"').strip(), place))
        if len(row) > _MOST_CELLS:
            raise _refusal(
                place, "csv-row", f"the row has more than {_MOST_CELLS} cells", "check that this is a CSV file"
            )
        for end in _LINE_END.finditer(text, position, found.end()):
            line, line_start = line + 1, end.end()
        position = found.end()
        # A comma at the very end still has an empty cell after it.
        if (quoted_end or plain_end) != ",":
            if any(cell.text for cell in row):
                yield row
            row, rows = [], rows + 1
        if rows > _MOST_ROWS:
            raise _refusal(place, "file-too-large", f"the file has more than {_MOST_ROWS:,} rows", "split it")
    if any(cell.text for cell in row):
        yield [*row, _Cell("", row[-1].place)]


def _refusal(place: Place, check: str, said: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(place, check, said, remedy)])


def _header(row: Sequence[_Cell], path: str) -> list[str]:
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


def _wish(cells: Mapping[str, _Cell], workspace: Workspace, author: str) -> Wish:
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
