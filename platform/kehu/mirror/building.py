"""The mirror brought up to the store: caught up where it can be, built again where it cannot."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, func, select

from kehu.mirror.changes import caught_up
from kehu.mirror.files import UnusableError, check_file, only_writer, remove_unheld, write_frame
from kehu.mirror.layout import LAYOUTS, Layout
from kehu.mirror.manifest import NAME, Manifest, StreamFiles, read_manifest, write_manifest
from kehu.mirror.mirror import Mirror
from kehu.mirror.sorting import SPILL_PREFIX, Sizes, write_sorted
from kehu.mirror.touched import Step, recent
from kehu.store.bulk_reading import BulkReader, arrow_reader, cursor_reader
from kehu.store.event_changes import changes_query, head_of, token_query
from kehu.store.reading import STREAM_TABLES

_LOCK = "lock"


def up_to_date(engine: Engine, folder: Path, sizes: Sizes | None = None) -> Mirror:
    """The mirror in that folder as a copy of the store's present state; its note says why it was built again.

    Raises OSError when the database cannot be read in bulk or the files cannot be written; then the mirror that was
    there before stays.
    """
    sizes = sizes or Sizes()
    with only_writer(folder / _LOCK):
        _sweep(folder)
        with _reader(engine, folder, sizes) as reader:
            manifest, note = _caught_up(folder, reader, sizes)
            if manifest is None:
                manifest = _built(folder, reader, sizes)
        mirror = Mirror(folder, manifest, note)
        _sweep(folder, {NAME, *(file.name for file in manifest.files)})
        return mirror


@contextmanager
def _reader(engine: Engine, folder: Path, sizes: Sizes) -> Iterator[BulkReader]:
    """What reads what is missing best: few rows by the cursor, many through ADBC."""
    with cursor_reader(engine) as reader:
        if _missing(folder, reader) <= sizes.cursor_rows:
            yield reader
            return
    with arrow_reader(engine) as reader:
        yield reader


def _missing(folder: Path, reader: BulkReader) -> int:
    """About how many events the mirror must read."""
    try:
        manifest = read_manifest(folder)
        if manifest is not None:
            _check(folder, reader, manifest)
            spans = [reader.read(changes_query(name, manifest.head)) for name in LAYOUTS]
            return sum(int((each["last_id"] - each["first_id"] + 1).sum()) for each in spans)
    except UnusableError:
        pass
    return sum(_extent(reader, layout)[0] for layout in LAYOUTS.values())


def forget(folder: Path) -> None:
    """Let the next reader build the mirror in that folder anew; whoever reads the old one goes on."""
    with only_writer(folder / _LOCK):
        (folder / NAME).unlink(missing_ok=True)


def _caught_up(folder: Path, reader: BulkReader, sizes: Sizes) -> tuple[Manifest | None, str]:
    """The mirror that is there, with what changed since; or None and why not, no reason when there is none yet."""
    try:
        old = read_manifest(folder)
        if old is None:
            return None, ""
        _check(folder, reader, old)
        return _renewed(folder, reader, old, sizes), ""
    except UnusableError as error:
        return None, str(error)


def _check(folder: Path, reader: BulkReader, manifest: Manifest) -> None:
    for file in manifest.files:
        check_file(folder, file, thoroughly=False)
    if reader.read(token_query(manifest.head)).rows() != [(manifest.head.token,)]:
        raise UnusableError("it was made of another state of the database")


def _renewed(folder: Path, reader: BulkReader, old: Manifest, sizes: Sizes) -> Manifest:
    head = head_of(reader.read)
    if head == old.head:
        return old
    found = {
        name: caught_up(folder, layout, old.streams[name], reader, old.head, sizes) for name, layout in LAYOUTS.items()
    }
    for name in LAYOUTS:
        # Alone the database counts along its smallest index.
        stored = reader.read(select(func.count().label("rows")).select_from(STREAM_TABLES[name])).item()
        if stored != found[name].files.rows:
            raise UnusableError(f"it had {found[name].files.rows:,} {name}, and the database has {stored:,}")
    owners = pl.concat(each.owners for each in found.values()).sort("stream", "role", "customer")
    steps = recent([*old.steps, Step(old.head, write_frame(folder, "touched", owners))])
    return _published(folder, Manifest(head, {name: each.files for name, each in found.items()}, steps))


def _built(folder: Path, reader: BulkReader, sizes: Sizes) -> Manifest:
    head = head_of(reader.read)
    streams = {}
    for name, layout in LAYOUTS.items():
        rows, owners, last_id = _extent(reader, layout)
        buckets = sizes.buckets(rows)
        base = write_sorted(
            folder, layout, reader.slices(layout.query, STREAM_TABLES[name].c.id), owners=owners, buckets=buckets
        )
        streams[name] = StreamFiles(base, last_id=last_id)
    return _published(folder, Manifest(head, streams))


def _published(folder: Path, manifest: Manifest) -> Manifest:
    write_manifest(folder, manifest)
    return manifest


def _extent(reader: BulkReader, layout: Layout) -> tuple[int, int, int]:
    """How many events the store has, the greatest id of their owners and their own; 0 when there is none."""
    events = STREAM_TABLES[layout.stream]
    greatest = (func.coalesce(func.max(events.c[name]), 0).label(name) for name in (layout.owner, "id"))
    rows, owners, last_id = reader.read(select(func.count().label("rows"), *greatest).select_from(events)).row(0)
    return rows, owners, last_id


def _sweep(folder: Path, kept: Collection[str] = ()) -> None:
    """Remove what a writer that died left behind and, once it is known what is `kept`, files of mirrors before.

    What cannot be removed does no harm and stays.
    """
    for path in folder.iterdir():
        with suppress(OSError):
            if path.name.startswith(SPILL_PREFIX):
                shutil.rmtree(path)
            elif path.name.endswith(".part"):
                path.unlink()
            elif kept and path.suffix == ".arrow" and path.name not in kept:
                remove_unheld(path)
