"""The mirror compared with the store: how many events of each kind, and what they say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.mirror.building import up_to_date
from kehu.mirror.files import UnusableError, check_file
from kehu.mirror.layout import LAYOUTS, Layout
from kehu.mirror.mirror import Mirror
from kehu.model.problems import Place, Problem
from kehu.store.bulk_reading import arrow_reader
from kehu.store.event_changes import head_of
from kehu.store.reading import STREAM_TABLES

_REMEDY = "run 'kehu resegment --rebuild' to make the mirror anew"


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a kind there are, and the sum of their rows' hashes, which no order changes."""

    rows: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A kind of event in the store and in its mirror."""

    stream: str
    stored: Count
    mirrored: Count


def compare_mirror(engine: Engine, folder: Path) -> tuple[list[Comparison], list[Problem]]:
    """The mirror, brought up to date, beside the store, and whatever is wrong with it; every byte is read.

    Raises OSError when the database cannot be read in bulk or the mirror cannot be written.
    """
    mirror = up_to_date(engine, folder)
    problems = [Problem(Place(str(folder)), "mirror", f"built again: {mirror.note}", "", "warning")] * bool(mirror.note)
    for file in mirror.manifest.files:
        try:
            check_file(folder, file, thoroughly=True)
        except UnusableError as error:
            problems.append(Problem(Place(str(folder)), "mirror", str(error), _REMEDY))
    if any(problem.severity == "error" for problem in problems):
        return [], problems
    comparisons = list(_comparisons(engine, mirror))
    for each in comparisons:
        if each.stored != each.mirrored:
            numbers = f"{each.stored.rows:,} {each.stream} in the database, {each.mirrored.rows:,} in its mirror"
            said = numbers if each.stored.rows != each.mirrored.rows else f"{numbers}, which are not the same"
            problems.append(Problem(Place(str(folder)), "mirror", said, _REMEDY))
    return comparisons, problems


def _comparisons(engine: Engine, mirror: Mirror) -> Iterator[Comparison]:
    with arrow_reader(engine) as reader:
        if head_of(reader.read) != mirror.head:
            raise OSError("a load came between; try again")
        for name, layout in LAYOUTS.items():
            stored = _count(layout, reader.slices(layout.query, STREAM_TABLES[name].c.id))
            yield Comparison(name, stored, _count(layout, mirror.frames(name)))


def _count(layout: Layout, frames: Iterable[pl.DataFrame]) -> Count:
    rows, checksum = 0, 0
    for frame in frames:
        rows += len(frame)
        checksum += int(frame.select(layout.types.names()).hash_rows().cast(pl.UInt64).cast(pl.Int128).sum() or 0)
    return Count(rows, checksum)
