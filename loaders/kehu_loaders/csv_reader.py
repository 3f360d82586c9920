"""Reads delimited text, row by row, with exact line numbers."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from kehu.sources.source import Source
from kehu_loaders.header import check_header
from kehu_loaders.misread import encoding_remedy, misread_remedy
from kehu_loaders.raw import CHUNK_ROWS, RawChunk, Unreadable, excerpt, refuse_file, row_json, text_chunk, visible

# GB18030 holds all of GBK and GB 2312; a byte order mark is skipped here, faster than utf-8-sig does.
_CODECS = {"utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}
_BYTE_ORDER_MARK = "\ufeff"
_QUOTES = "the quotes do not match: double a quote inside a quoted cell"
_LONGEST_LINE = 16_000_000
_KEEP_BYTES = "kehu-keep-bytes"


def read_csv(source: Source, file: Path) -> Iterator[RawChunk]:
    """The file's rows in chunks; lines without any cell are no rows.

    Raises RefusedError when the file cannot be opened, is empty or lacks a column.
    """
    codecs.register_error(_KEEP_BYTES, _keep_bytes)
    encoding = _CODECS.get(source.options.encoding, source.options.encoding)
    try:
        with file.open(encoding=encoding, errors=_KEEP_BYTES, newline="") as text:
            if text.read(1) != _BYTE_ORDER_MARK:
                text.seek(0)
            yield from _chunks(source, file, text)
    except OSError as error:
        raise refuse_file(file, f"the file cannot be opened: {error.strerror}", "check its path and rights") from error
    except UnicodeError as error:
        message = f"the file is not {source.options.encoding}"
        raise refuse_file(file, message, encoding_remedy(source, file)) from error


def _chunks(source: Source, file: Path, text: TextIO) -> Iterator[RawChunk]:
    parsed = _rows(_bounded(text, file), source.options.delimiter, source.options.skip)
    header = _header(parsed, source, file)
    rows: list[list[str]] = []
    starts: list[int] = []
    unreadable: list[Unreadable] = []
    for start, row in parsed:
        if isinstance(row, Unreadable):
            unreadable.append(row)
        elif len(row) != len(header):
            unreadable.append(_ragged(header, start, row))
        else:
            starts.append(start)
            rows.append(row)
        if len(rows) + len(unreadable) == CHUNK_ROWS:
            yield text_chunk(header, rows, starts, unreadable)
            rows, starts, unreadable = [], [], []
    yield text_chunk(header, rows, starts, unreadable)


def _bounded(text: TextIO, file: Path) -> Iterator[str]:
    """The file's lines; a file that is no text may hold no line end at all, and is not read whole."""
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
            message = f"a line has more than {_LONGEST_LINE:,} characters"
            raise refuse_file(file, message, "check that this is delimited text, one row a line")
        yield line


def _rows(text: Iterator[str], delimiter: str, skip: int) -> Iterator[tuple[int, list[str] | Unreadable]]:
    """Each row that has any cell, and the line it starts on.

    A row whose quotes do not match gives up its first line only: the lines it swallowed are read again.
    """
    taken: list[str] = []
    again: deque[str] = deque()
    before = sum(1 for _ in islice(text, skip))
    while True:
        reader = csv.reader(_lines(text, again, taken), delimiter=delimiter, strict=True)
        start = before + 1
        try:
            for row in reader:
                if any(row):
                    yield start, row
                start = before + reader.line_num + 1
                taken.clear()
        except csv.Error:
            yield start, Unreadable(start, _reason(taken), row_json([], taken[:1]))
            again.extendleft(reversed(taken[1:]))
            taken.clear()
            before = start
        else:
            return


def _reason(taken: list[str]) -> str:
    longest = csv.field_size_limit()
    if len(taken) == 1 and len(taken[0]) > longest:
        return f"a cell has more than {longest:,} characters: shorten it, or export to Parquet"
    return _QUOTES


def _lines(text: Iterator[str], again: deque[str], taken: list[str]) -> Iterator[str]:
    """The file's lines, those given back first; `taken` gathers those of the row at hand."""
    while again:
        taken.append(again.popleft())
        yield taken[-1]
    for line in text:
        taken.append(line)
        yield line


def _header(parsed: Iterator[tuple[int, list[str] | Unreadable]], source: Source, file: Path) -> list[str]:
    _, first = next(parsed, (0, None))
    if first is None:
        raise refuse_file(file, "the file is empty, not even a header", "export it again")
    if isinstance(first, Unreadable):
        raise refuse_file(file, f"the header is not readable: {first.reason}", "check 'delimiter' and 'skip'")
    undecoded = [name for name in first if visible(name) != name]
    if undecoded:
        message = f"the header is not {source.options.encoding}: '{excerpt(undecoded[0])}'"
        raise refuse_file(file, message, encoding_remedy(source, file))
    remedy = misread_remedy(first, source, file)
    if remedy:
        raise refuse_file(file, f"the header is misread: '{excerpt(','.join(first))}'", remedy)
    return check_header(first, source, file)


def _ragged(header: list[str], start: int, row: list[str]) -> Unreadable:
    reason = f"the row has {len(row)} cells, the header {len(header)}: quote cells that hold the delimiter"
    return Unreadable(start, reason, row_json(header, row))


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Stand-in for one undecodable byte: a lone surrogate, so that only its own row is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.start + 1
