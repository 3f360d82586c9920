"""The mirror's table of contents: which files make it up, and of which state of the store it is the copy."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kehu.mirror.contents import read_contents, understood, write_contents
from kehu.mirror.files import DataFile, UnusableError
from kehu.mirror.layout import FORMAT, LAYOUTS, schema_digest
from kehu.mirror.touched import Step
from kehu.store.event_changes import Head

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class StreamFiles:
    """One kind of event: `base` sorted throughout, then what changed since.

    `gone` holds the ids of rows of `base` that count no more, `tail` the rows that came instead or anew, sorted too.
    No event had a greater id than `last_id` up to now, whatever was deleted since.
    """

    base: tuple[DataFile, ...] = ()
    tail: tuple[DataFile, ...] = ()
    gone: tuple[DataFile, ...] = ()
    last_id: int = 0

    @property
    def rows(self) -> int:
        """How many events it stands for."""
        return sum(each.rows for each in (*self.base, *self.tail)) - sum(each.rows for each in self.gone)

    @property
    def files(self) -> tuple[DataFile, ...]:
        """All of them."""
        return (*self.base, *self.tail, *self.gone)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole mirror as of an entry of the log of changed events, and the newest steps that brought it there."""

    head: Head
    streams: Mapping[str, StreamFiles] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @property
    def files(self) -> tuple[DataFile, ...]:
        """All files of all kinds of events and of the steps."""
        events = (file for stream in self.streams.values() for file in stream.files)
        return (*events, *(step.file for step in self.steps))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make the manifest the one that readers find."""
    write_contents(folder / NAME, {"format": FORMAT, "schema": schema_digest(), **asdict(manifest)})


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest; None when there is none yet. Raises UnusableError when it is damaged or of another version."""
    given = read_contents(folder / NAME)
    if given is None:
        return None
    if (given.get("format"), given.get("schema")) != (FORMAT, schema_digest()):
        raise UnusableError("it was made by another version of Kehu")
    with understood(folder / NAME):
        streams = {name: _stream_files(given["streams"][name]) for name in LAYOUTS}
        steps = (Step(Head(**each["since"]), DataFile(**each["file"])) for each in given["steps"])
        return Manifest(Head(**given["head"]), streams, tuple(steps))


def _stream_files(given: Mapping[str, Any]) -> StreamFiles:
    parts = {part: tuple(DataFile(**file) for file in given[part]) for part in ("base", "tail", "gone")}
    return StreamFiles(**parts, last_id=int(given["last_id"]))
