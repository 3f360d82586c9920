"""Frames laid as Parquet where both Kehu and Spark see them: the mirror's files once each, a run's own at every run.

The place is a folder, or an address such as s3://bucket/folder. Instants become whole microseconds since 1970.
"""

import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kehu.mirror.files import DataFile
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.mirror import Mirror

_RUN_PREFIX = "run-"


@dataclass(frozen=True, slots=True)
class Laid:
    """The files of one kind of event; `gone` have the ids of rows of `base` that count no more."""

    base: tuple[str, ...]
    tail: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.base, *self.tail, *self.gone)


class Shared:
    """Where files are laid. Raises OSError when they cannot be written."""

    def __init__(self, folder: str) -> None:
        self.folder = folder.rstrip("/")
        self.is_remote = "://" in folder
        if not self.is_remote:
            Path(self.folder).mkdir(parents=True, exist_ok=True)

    def lay(self, name: str, frame: pl.DataFrame) -> str:
        """The path of the new file, which is there whole or not at all."""
        instants = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
        plain = frame.with_columns(pl.col(each).dt.timestamp("us") for each in instants)
        path = f"{self.folder}/{name}.parquet"
        if self.is_remote:
            plain.write_parquet(path)
            return path
        draft = Path(f"{path}.part")
        draft.parent.mkdir(parents=True, exist_ok=True)
        plain.write_parquet(draft)
        draft.rename(path)
        return path

    @contextmanager
    def of_run(self) -> Iterator["Shared"]:
        """A place within it for one run, removed after the block where it is a folder."""
        if not self.is_remote:
            for left in Path(self.folder).glob(f"{_RUN_PREFIX}*"):
                shutil.rmtree(left)
        place = Shared(f"{self.folder}/{_RUN_PREFIX}{secrets.token_hex(6)}")
        try:
            yield place
        finally:
            if not self.is_remote:
                shutil.rmtree(place.folder)

    def holds(self, name: str, rows: int) -> str | None:
        """The path of the file of that name if it is there and has so many rows."""
        path = f"{self.folder}/{name}.parquet"
        try:
            found = pl.scan_parquet(path).select(pl.len()).collect().item()
        except (OSError, pl.exceptions.PolarsError):
            return None
        return path if found == rows else None

    def keep(self, paths: Collection[str]) -> None:
        """Remove other files than those, and drafts of a run that died, where it is a folder."""
        if not self.is_remote:
            for path in Path(self.folder).iterdir():
                if path.is_file() and str(path) not in paths:
                    path.unlink()


def lay_events(place: Shared, mirror: Mirror, streams: Collection[str]) -> Mapping[str, Laid]:
    """Those kinds of events. A file of the mirror never changes, so it is laid once as long as the mirror has it."""
    found = {}
    for stream in streams:
        files, types = mirror.manifest.streams[stream], LAYOUTS[stream].types
        base = [_laid(place, mirror, file, types) for file in files.base]
        if not base:
            base = [place.holds(f"{stream}-none", 0) or place.lay(f"{stream}-none", pl.DataFrame(schema=types))]
        tail = [_laid(place, mirror, file, types) for file in files.tail]
        gone = [_laid(place, mirror, file, pl.Schema({"id": pl.Int64()})) for file in files.gone]
        found[stream] = Laid(tuple(base), tuple(tail), tuple(gone))
    return found


def _laid(place: Shared, mirror: Mirror, file: DataFile, types: pl.Schema) -> str:
    name = file.name.removesuffix(".arrow")
    there = place.holds(name, file.rows)
    if there is not None:
        return there
    # What the mirror stores as codes are texts again.
    return place.lay(name, pl.read_ipc(mirror.folder / file.name).select(types.names()).cast(types))
