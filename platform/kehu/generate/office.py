"""What every department works with while it writes its export."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from kehu.generate.blemishes import Blemish, nothing_spoilt, spoilt_rows
from kehu.generate.calendar import HISTORY_DAYS
from kehu.generate.columns import DAY_SECONDS, day_number
from kehu.generate.crm import SalesBook
from kehu.generate.csv_file import CsvFile
from kehu.generate.dice import stream
from kehu.generate.folder import GeneratedFile

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the rows done and the rows in all."""


@dataclass(frozen=True, slots=True)
class Office:
    """The folder to write into, everyone's names and numbers, the first day of the history."""

    folder: Path
    book: SalesBook
    first: date
    progress: Progress

    @property
    def now(self) -> int:
        """The local midnight after the last day, in seconds since 1970: nothing later is known."""
        return (day_number(self.first) + HISTORY_DAYS) * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Export:
    """What one department exported, and its malformed cells."""

    files: tuple[GeneratedFile, ...]
    malformed: pl.DataFrame


@dataclass(frozen=True, slots=True)
class CsvTarget:
    """A CSV file to be written: its path below the folder, encoding, expected rows and what goes wrong in it."""

    path: str
    encoding: str
    rows: int
    blemishes: tuple[Blemish, ...]


def export_csv(office: Office, target: CsvTarget, frames: Iterator[pl.DataFrame]) -> Export:
    """Write the frames one after another; without blemishes no row is spoilt."""
    malformed = [nothing_spoilt()]
    stage = target.path.split("/")[0]
    with CsvFile(office.folder / target.path, target.encoding) as file:
        for number, frame in enumerate(frames):
            rng = stream(office.book.seed, target.path, number)
            spoilt = spoilt_rows(rng, frame.height, target.blemishes)
            malformed.append(spoilt.listed(target.path, first_line=file.rows + 2))
            file.append(spoilt.applied(frame))
            office.progress(stage, file.rows, target.rows)
    listed = pl.concat(malformed)
    return Export((GeneratedFile(target.path, file.rows, listed.height),), listed)
