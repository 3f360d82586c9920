"""What a loader is: the promise between the core and whoever reads departmental exports."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from kehu.model.graph import Entity
from kehu.sources.source import Source

QUARANTINE_COLUMNS: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "row": pl.String(),
}


@dataclass(frozen=True, slots=True)
class LoadedChunk:
    """Some rows of one file, read = rows in `records` + rows in `quarantine`, counted by `line`.

    `lines` holds the line of every row that fits (a row may give several records, or none).
    `records` has the columns of `kehu.model.graph.record_columns`; `quarantine` has one row per finding
    with the columns of QUARANTINE_COLUMNS, `row` being the raw row as a JSON object.
    """

    read: int
    lines: pl.Series
    records: dict[Entity, pl.DataFrame]
    quarantine: pl.DataFrame


class Loader(Protocol):
    """Reads one file of a source, in bounded memory.

    Raises RefusedError when the file as a whole cannot be read (missing columns, not that format),
    naming every problem; single rows that do not fit are quarantined instead.
    """

    def __call__(self, source: Source, file: Path, /) -> Iterator[LoadedChunk]: ...
