"""What changed in the store since the mirror was made, put beside its sorted rows or, when it is much, among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kehu.mirror.files import DataFile, write_frame
from kehu.mirror.layout import ROLES, Layout
from kehu.mirror.manifest import StreamFiles
from kehu.mirror.sorting import Sizes, write_sorted
from kehu.mirror.touched import TOUCHED, owners_of, united
from kehu.store.bulk_reading import BulkReader
from kehu.store.event_changes import Head, changed_events_query, changes_query, ranges
from kehu.store.reading import STREAM_TABLES


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A kind of event brought up to the store, and whose events it was that changed, in columns of TOUCHED."""

    files: StreamFiles
    owners: pl.DataFrame


def caught_up(
    folder: Path, layout: Layout, files: StreamFiles, reader: BulkReader, since: Head, sizes: Sizes
) -> CaughtUp:
    """The files with every event logged after `since` as the store has it now: new, other, moved or gone."""
    changed = ranges(reader.read(changes_query(layout.stream, since)))
    if changed.is_empty():
        return CaughtUp(files, pl.DataFrame(schema=TOUCHED))
    columns = [STREAM_TABLES[layout.stream].c[name] for name in layout.types]
    fresh = reader.read(changed_events_query(layout.stream, columns, since)).unique("id")
    tails = [_read(folder, each) for each in files.tail]
    tail = pl.concat([*(_without(changed, each) for each in tails), fresh])
    before = _ids(folder, files.gone)
    is_all_new = int(changed["first_id"][0]) > files.last_id
    old = before.clear() if is_all_new else _among(changed, _ids(folder, files.base))
    gone = pl.concat([before, old]).unique()
    replaced = [each.filter(within(changed, each["id"])) for each in tails]
    is_new = pl.col("id") > files.last_id
    rewritten = [fresh.filter(~is_new), *replaced, _with_roles(folder, layout, files.base, old)]
    owners = united(
        [owners_of(layout, rewritten, is_more=False), owners_of(layout, [fresh.filter(is_new)], is_more=True)]
    )
    last_id = max(files.last_id, int(fresh.select(pl.col("id").max().fill_null(0)).item()))
    if len(tail) + len(gone) <= sizes.changed_share * sum(each.rows for each in files.base):
        beside = StreamFiles(
            files.base,
            tail=_written(folder, f"{layout.stream}-tail", tail.sort(layout.order)),
            gone=_written(folder, f"{layout.stream}-gone", gone.to_frame("id")),
            last_id=last_id,
        )
        return CaughtUp(beside, owners)
    rows = sum(each.rows for each in files.base) + len(tail) - len(gone)
    frames = _merged(folder, files.base, gone, tail)
    greatest = _greatest(folder, layout, files.base, tail)
    base = write_sorted(folder, layout, frames, owners=greatest, buckets=sizes.buckets(rows))
    return CaughtUp(StreamFiles(base, last_id=last_id), owners)


def _with_roles(folder: Path, layout: Layout, base: tuple[DataFile, ...], ids: pl.Series) -> pl.DataFrame:
    """The customers of the base's events of those ids, some of which may have been replaced long ago."""
    if ids.is_empty():
        return pl.DataFrame(schema={name: layout.types[name] for name in ROLES[layout.stream]})
    # Each file has its own types of texts, see `coded`.
    rows = pl.concat(pl.scan_ipc(folder / each.name).select("id", *ROLES[layout.stream]) for each in base)
    return rows.filter(pl.col("id").is_in(ids.implode())).select(ROLES[layout.stream]).collect(engine="streaming")


def _read(folder: Path, file: DataFile) -> pl.DataFrame:
    return pl.read_ipc(folder / file.name)


def _ids(folder: Path, files: tuple[DataFile, ...]) -> pl.Series:
    columns = [pl.read_ipc(folder / each.name, columns=["id"])["id"] for each in files]
    return pl.concat([pl.Series("id", [], dtype=pl.Int64), *columns])


def within(changed: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """Whether each id lies in one of the ranges, which are in order and do not overlap."""
    place = changed["first_id"].search_sorted(ids, side="right").cast(pl.Int64) - 1
    ends = changed["last_id"].gather(place.clip(lower_bound=0))
    return (place >= 0) & (ids <= ends)


def _among(changed: pl.DataFrame, ids: pl.Series) -> pl.Series:
    return ids.filter(within(changed, ids))


def _without(changed: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~within(changed, rows["id"]))


def _written(folder: Path, stem: str, rows: pl.DataFrame) -> tuple[DataFile, ...]:
    return () if rows.is_empty() else (write_frame(folder, stem, rows),)


def _merged(folder: Path, base: tuple[DataFile, ...], gone: pl.Series, tail: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for file in base:
        rows = _read(folder, file).cast(
            {name: pl.String() for name in tail.columns if tail.schema[name] == pl.String()}
        )
        yield rows.filter(~rows["id"].is_in(gone.implode())) if len(gone) else rows
    yield tail


def _greatest(folder: Path, layout: Layout, base: tuple[DataFile, ...], tail: pl.DataFrame) -> int:
    """The greatest owner; each file of the base is sorted, so its last row has its own."""
    found = [pl.scan_ipc(folder / each.name).select(pl.col(layout.owner).last()).collect().item() for each in base]
    return max((each for each in [*found, tail[layout.owner].max()] if each is not None), default=0)
