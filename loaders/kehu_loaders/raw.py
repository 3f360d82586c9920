"""What a reader hands to the mapping: rows as the file has them, and those it could not make out."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import polars as pl

from kehu.model.problems import Place, Problem, RefusedError
from kehu.sources.loader import QUARANTINE_COLUMNS

CHUNK_ROWS = 50_000
# What quarantine keeps of one cell of an unreadable row; the file itself has the rest.
_KEPT = 10_000
_EXCERPT = 60

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Some rows of a file: `cells` as read, the line of each, and findings on rows that have no cells.

    A column of text formats is String, empty cells being ''. `unreadable` has QUARANTINE_COLUMNS,
    one row per unreadable row of the file.
    """

    cells: pl.DataFrame
    lines: pl.Series
    unreadable: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row no cells could be made of, and why."""

    line: int
    reason: str
    row: str


def text_chunk(
    header: Sequence[str], rows: Sequence[Sequence[str | None]], lines: Sequence[int], unreadable: Sequence[Unreadable]
) -> RawChunk:
    """A chunk of text cells; a row holding undecodable bytes (lone surrogates) becomes unreadable."""
    try:
        cells = _frame(header, rows)
    except UnicodeEncodeError:
        sound = [not any(cell and _SURROGATES.search(cell) for cell in row) for row in rows]
        broken = [
            Unreadable(line, "the row holds bytes that are not of the declared encoding", row_json(header, row))
            for row, line, good in zip(rows, lines, sound, strict=True)
            if not good
        ]
        unreadable = sorted([*unreadable, *broken], key=lambda row: row.line)
        cells, lines = _frame(header, list(compress(rows, sound))), list(compress(lines, sound))
    return RawChunk(cells, pl.Series("line", lines, pl.Int64), _findings(unreadable))


def row_json(header: Sequence[str], row: Sequence[str | None]) -> str:
    """The raw row as a JSON object; cells beyond the header are named by their place, bytes as \\xNN.

    A cell of more than 10,000 characters is cut, which an ellipsis shows.
    """
    names = [*header, *(f"(column {place})" for place in range(len(header) + 1, len(row) + 1))]
    cells = (visible(_cut(cell or "", _KEPT)) for cell in row)
    return json.dumps(dict(zip(names, cells, strict=False)), ensure_ascii=False)


def visible(text: str) -> str:
    """The text with undecodable bytes written as \\xNN."""
    return _SURROGATES.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", text)


def excerpt(text: str) -> str:
    """The beginning of a text on one line, with all that a terminal could trip over written as an escape."""
    shown = visible(_cut(text, _EXCERPT))
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown)


def refuse_file(file: Path, message: str, remedy: str) -> RefusedError:
    """The refusal of a whole file."""
    return RefusedError([Problem(Place(str(file)), "unreadable-file", message, remedy)])


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + "…"


def _frame(header: Sequence[str], rows: Sequence[Sequence[str | None]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return pl.DataFrame([pl.Series(name, cells, pl.String) for name, cells in zip(header, columns, strict=True)])


def _findings(rows: Sequence[Unreadable]) -> pl.DataFrame:
    found = [(row.line, "", "", row.reason, row.row) for row in rows]
    return pl.DataFrame(found, schema=QUARANTINE_COLUMNS, orient="row")
