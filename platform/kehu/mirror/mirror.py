"""The mirror as its readers see it: every event of one state of the store, scanned lazily."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import polars.selectors as cs

from kehu.mirror.files import DataFile, hold
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.manifest import Manifest, StreamFiles
from kehu.mirror.touched import touched_since
from kehu.store.event_changes import Head


class _Holder:
    """Lives as long as the mirror whose files it keeps."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Its files stay while it lives, whatever is written beside them. `note` says what was remarkable about it."""

    folder: Path
    manifest: Manifest
    note: str = ""
    holder: _Holder = field(default_factory=_Holder, repr=False)

    def __post_init__(self) -> None:
        for file in self.manifest.files:
            hold(self.folder / file.name, self.holder)

    @property
    def head(self) -> Head:
        """The entry of the log of changed events up to which it is a copy."""
        return self.manifest.head

    @property
    def last_ids(self) -> dict[str, int]:
        """By kind of event, an id that no event had exceeded by then, whatever was deleted since."""
        return {name: files.last_id for name, files in self.manifest.streams.items()}

    def rows(self, stream: str) -> int:
        """How many events of that kind there are."""
        return self.manifest.streams[stream].rows

    def touched_since(self, head: Head) -> pl.DataFrame | None:
        """Columns of TOUCHED: whose events changed since that state; None when it is not known any more."""
        return touched_since(self.folder, self.manifest.steps, self.head, head)

    def scan(self, stream: str, columns: Collection[str], *, in_order: bool, coded: bool = False) -> pl.LazyFrame:
        """The named columns of every event of that kind.

        With `in_order` an owner's events stand together, by instant, then as they were recorded. With `coded` texts
        may come as Categorical, as they are stored, which spares writing out the same few words in every row.
        """
        layout, files = LAYOUTS[stream], self.manifest.streams[stream]
        read = sorted({*columns, *layout.order} if in_order and files.tail else columns)
        base = self._base(stream, files, read)
        base = base if coded else base.with_columns(cs.categorical().cast(pl.String()))
        if not files.tail:
            return base.select(sorted(columns))
        tail = self._files(files.tail, stream).select(read).cast(base.collect_schema())
        if not in_order:
            return pl.concat([base, tail]).select(sorted(columns))
        # Only the owners of something new need sorting again.
        owners = tail.select(layout.owner).drop_nulls().unique().collect().to_series().implode()
        touched = pl.col(layout.owner).is_in(owners).fill_null(value=False)
        mixed = pl.concat([base.filter(touched), tail]).sort(layout.order)
        return pl.concat([base.filter(~touched), mixed]).select(sorted(columns))

    def frames(self, stream: str) -> Iterator[pl.DataFrame]:
        """Every event of that kind with all columns, a file at a time."""
        files = self.manifest.streams[stream]
        for each in files.base:
            part = StreamFiles((each,), gone=files.gone)
            yield self._base(stream, part, LAYOUTS[stream].types.names()).collect().cast(LAYOUTS[stream].types)
        for each in files.tail:
            yield pl.read_ipc(self.folder / each.name)

    def _base(self, stream: str, files: StreamFiles, columns: list[str]) -> pl.LazyFrame:
        base = self._files(files.base, stream)
        if files.gone:
            gone = pl.concat(pl.read_ipc(self.folder / each.name) for each in files.gone)["id"]
            base = base.filter(~pl.col("id").is_in(gone.implode()))
        return base.select(columns)

    def _files(self, files: tuple[DataFile, ...], stream: str) -> pl.LazyFrame:
        if not files:
            return pl.LazyFrame(schema=LAYOUTS[stream].types)
        paths = [self.folder / file.name for file in files]
        schemas = [pl.read_ipc_schema(path) for path in paths]
        if all(schema == schemas[0] for schema in schemas):
            return pl.scan_ipc(paths, glob=False)
        # A column may have too many different texts in one range of owners and few in another.
        texts = {name: kind for name, kind in LAYOUTS[stream].types.items() if kind == pl.String()}
        plain = {name: kind for name, kind in texts.items() if any(schema[name] == kind for schema in schemas)}
        return pl.concat([pl.scan_ipc(path, glob=False).cast(pl.Schema(plain)) for path in paths])
