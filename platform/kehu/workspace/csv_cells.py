"""CSV files that people write: read whole, each cell knowing its line and column."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kehu.model.problems import Place, Problem, RefusedError

_MOST_CELLS = 50
# Quoted, with quotes inside doubled, or plain; then what ends it. Possessive, so that no text takes long to refuse.
_CELL = re.compile(r'[ \t]*+"((?:[^"]++|"")*+)"[ \t]*+(,|\r\n|\n|\r|\Z)|([^,"\r\n]*+)(,|\r\n|\n|\r|\Z)')
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell without blanks around it, and where it begins."""

    text: str
    place: Place


def read_cells(path: Path, *, most_bytes: int = 10_000_000, most_rows: int = 50_000) -> list[list[Cell]]:
    """The rows that have any text, the header among them; none of an empty file.

    Raises RefusedError when the file is not readable as CSV in UTF-8 or GB18030, where quotes do not match, and for
    too much of anything.
    """
    return list(_rows(_read_text(path, most_bytes), str(path), most_rows))


def uneven(row: Sequence[Cell], header: Sequence[str]) -> Problem | None:
    """What is wrong with a row that has more or fewer cells than the header; None when it has as many."""
    if len(row) == len(header):
        return None
    said = f"the row has {len(row)} cells, the header {len(header)}"
    return Problem(row[0].place, "csv-row", said, "quote cells that hold a comma")


def _read_text(path: Path, most_bytes: int) -> str:
    try:
        data = path.read_bytes() if path.stat().st_size <= most_bytes else None
    except OSError as error:
        said = f"the file cannot be read: {error.strerror}"
        raise _refusal(Place(str(path)), "unreadable-file", said, "check its path and rights") from error
    if data is None:
        said = f"the file has more than {most_bytes:,} bytes"
        raise _refusal(Place(str(path)), "file-too-large", said, "split it")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    said = "the file is neither UTF-8 nor GB18030"
    raise _refusal(Place(str(path)), "encoding", said, "save it as CSV UTF-8")


def _rows(text: str, path: str, most_rows: int) -> Iterator[list[Cell]]:
    row: list[Cell] = []
    position = line_start = 0
    line, rows = 1, 0
    while position < len(text):
        place = Place(path, line, position - line_start + 1)
        found = _CELL.match(text, position)
        if found is None:
            raise _refusal(place, "csv-quotes", "the quotes do not match", "double a quote inside a quoted cell")
        quoted, quoted_end, plain, plain_end = found.groups()
        row.append(Cell(plain.strip() if quoted is None else quoted.replace('""', '"').strip(), place))
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
        if rows > most_rows:
            raise _refusal(place, "file-too-large", f"the file has more than {most_rows:,} rows", "split it")
    if any(cell.text for cell in row):
        yield [*row, Cell("", row[-1].place)]


def _refusal(place: Place, check: str, said: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(place, check, said, remedy)])
