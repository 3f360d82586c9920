"""Reads delimited text, row by row, with exact line numbers."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from kehu.sources.source import Source
from kehu_loaders.header import check_header
from kehu_loaders.raw import CHUNK_ROWS, RawChunk, Unreadable, refuse_file, row_json, text_chunk, visible

# GB18030 holds all of GBK and GB 2312; a byte order mark is tolerated wherever it may stand.
_CODECS = {"utf-8": "utf-8-sig", "gbk": "gb18030", "gb2312": "gb18030"}
_KEEP_BYTES = "kehu-keep-bytes"


def read_csv(source: Source, file: Path) -> Iterator[RawChunk]:
    """The file's rows in chunks; lines without any cell are no rows.

    Raises RefusedError when the file cannot be opened, is empty or lacks a column.
    """
    codecs.register_error(_KEEP_BYTES, _keep_bytes)
    encoding = _CODECS.get(source.options.encoding, source.options.encoding)
    try:
        with file.open(encoding=encoding, errors=_KEEP_BYTES, newline="") as text:
            yield from _chunks(source, file, text)
    except OSError as error:
        raise refuse_file(file, f"the file cannot be opened: {error.strerror}", "check its path and rights") from error


@dataclass(slots=True)
class _Lines:
    """The file's lines, counted, of which those of the row at hand can be given back."""

    text: TextIO
    number: int = 0
    taken: list[str] = field(default_factory=list)
    again: deque[str] = field(default_factory=deque)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.text)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> str:
        """Give back the lines of a row that came to nothing, and return its first."""
        first, *rest = self.taken
        self.again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def _chunks(source: Source, file: Path, text: TextIO) -> Iterator[RawChunk]:
    lines = _Lines(text)
    for _ in range(source.options.skip):
        next(lines, None)
    parsed = _rows(lines, source.options.delimiter)
    header = _header(parsed, source, file)
    rows: list[list[str]] = []
    starts: list[int] = []
    unreadable: list[Unreadable] = []
    for row in parsed:
        if isinstance(row, Unreadable):
            unreadable.append(row)
        elif len(row[1]) != len(header):
            unreadable.append(_ragged(header, *row))
        else:
            starts.append(row[0])
            rows.append(row[1])
        if len(rows) + len(unreadable) == CHUNK_ROWS:
            yield text_chunk(header, rows, starts, unreadable)
            rows, starts, unreadable = [], [], []
    yield text_chunk(header, rows, starts, unreadable)


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]] | Unreadable]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        start = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            first = lines.give_back_all_but_first()
            yield Unreadable(
                start, "the quotes do not match: double a quote inside a quoted cell", row_json([], [first])
            )
            continue
        if any(row):
            yield start, row


def _header(parsed: Iterator[tuple[int, list[str]] | Unreadable], source: Source, file: Path) -> list[str]:
    first = next(parsed, None)
    if first is None:
        raise refuse_file(file, "the file is empty, not even a header", "export it again")
    if isinstance(first, Unreadable):
        raise refuse_file(file, f"the header is not readable: {first.reason}", "check 'delimiter' and 'skip'")
    undecoded = [visible(name) for name in first[1] if visible(name) != name]
    if undecoded:
        message = f"the header is not {source.options.encoding}: '{undecoded[0]}'"
        raise refuse_file(file, message, "set the encoding under 'read:', for example {encoding: gb18030}")
    return check_header(first[1], source, file)


def _ragged(header: list[str], start: int, row: list[str]) -> Unreadable:
    reason = f"the row has {len(row)} cells, the header {len(header)}: quote cells that hold the delimiter"
    return Unreadable(start, reason, row_json(header, row))


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Stand-in for one undecodable byte: a lone surrogate, so that only its own row is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.start + 1
