"""CSV files as departmental systems write them: any encoding, Windows line ends, written in pieces."""

from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl


class CsvFile:
    """Appends frames to a new file under one header; a cell that is null is empty.

    `rows` counts those written. `encoding` is Python's name of it: "gb18030", or "utf-8-sig" for a byte-order mark.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.rows = 0
        self._encoding = encoding
        self._file = path.open("xb")
        self._is_new = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def append(self, frame: pl.DataFrame) -> None:
        """Write the rows; the first call also writes the header, so call it at least once, if with no rows."""
        text = frame.write_csv(include_header=self._is_new, line_terminator="\r\n")
        encoding = self._encoding if self._is_new else self._encoding.removesuffix("-sig")
        self._file.write(text.encode(encoding))
        self.rows += frame.height
        self._is_new = False
