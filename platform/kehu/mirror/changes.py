"""What changed in the store since the mirror was made, put beside its sorted rows or, when it is much, among them."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from kehu.mirror.files import DataFile, write_frame
from kehu.mirror.layout import Layout
from kehu.mirror.manifest import StreamFiles
from kehu.mirror.sorting import Sizes, write_sorted
from kehu.store.bulk_reading import BulkReader
from kehu.store.event_changes import Head, changed_events_query, changes_query, ranges
from kehu.store.reading import STREAM_TABLES


def caught_up(
    folder: Path, layout: Layout, files: StreamFiles, reader: BulkReader, since: Head, sizes: Sizes
) -> StreamFiles:
    """The files with every event logged after `since` as the store has it now: new, other, moved or gone."""
    changed = ranges(reader.read(changes_query(layout.stream, since)))
    if changed.is_empty():
        return files
    columns = [STREAM_TABLES[layout.stream].c[name] for name in layout.types]
    fresh = reader.read(changed_events_query(layout.stream, columns, since)).unique("id")
    tail = pl.concat([*(_without(changed, _read(folder, each)) for each in files.tail), fresh])
    gone = pl.concat([_ids(folder, files.gone), _among(changed, _ids(folder, files.base))]).unique()
    if len(tail) + len(gone) <= sizes.changed_share * sum(each.rows for each in files.base):
        return StreamFiles(
            files.base,
            tail=_written(folder, f"{layout.stream}-tail", tail.sort(layout.order)),
            gone=_written(folder, f"{layout.stream}-gone", gone.to_frame("id")),
        )
    rows = sum(each.rows for each in files.base) + len(tail) - len(gone)
    frames = _merged(folder, files.base, gone, tail)
    owners = _greatest(folder, layout, files.base, tail)
    return StreamFiles(write_sorted(folder, layout, frames, owners=owners, buckets=sizes.buckets(rows)))


def _read(folder: Path, file: DataFile) -> pl.DataFrame:
    return pl.read_ipc(folder / file.name)


def _ids(folder: Path, files: tuple[DataFile, ...]) -> pl.Series:
    columns = [pl.read_ipc(folder / each.name, columns=["id"])["id"] for each in files]
    return pl.concat([pl.Series("id", [], dtype=pl.Int64), *columns])


def _within(changed: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """Whether each id lies in one of the ranges, which are in order and do not overlap."""
    place = changed["first_id"].search_sorted(ids, side="right").cast(pl.Int64) - 1
    ends = changed["last_id"].gather(place.clip(lower_bound=0))
    return (place >= 0) & (ids <= ends)


def _among(changed: pl.DataFrame, ids: pl.Series) -> pl.Series:
    return ids.filter(_within(changed, ids))


def _without(changed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~_within(changed, rows["id"]))


def _written(folder: Path, stem: str, rows: pl.DataFrame) -> tuple[DataFile, ...]:
    return () if rows.is_empty() else (write_frame(folder, stem, rows),)


def _merged(folder: Path, base: tuple[DataFile, ...], gone: pl.Series, tail: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for file in base:
        rows = _read(folder, file)
        yield rows.filter(~rows["id"].is_in(gone.implode())) if len(gone) else rows
    yield tail


def _greatest(folder: Path, layout: Layout, base: tuple[DataFile, ...], tail: pl.DataFrame) -> int:
    """The greatest owner; each file of the base is sorted, so its last row has its own."""
    found = [pl.scan_ipc(folder / each.name).select(pl.col(layout.owner).last()).collect().item() for each in base]
    return max((each for each in [*found, tail[layout.owner].max()] if each is not None), default=0)
