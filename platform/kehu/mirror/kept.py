"""What the last run counted, kept beside the mirror: derived and disposable like it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from kehu.features.counted import Counted
from kehu.mirror.contents import understood
from kehu.mirror.files import UnusableError
from kehu.mirror.kept_frame import KeptFrame
from kehu.store.event_changes import Head

_FOLDER = "counted"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was counted of the events as they were up to an entry of the log of changed events.

    `last_ids` are the mirror's of then.
    """

    head: Head
    counted: Counted
    last_ids: Mapping[str, int]


def read_kept(folder: Path) -> Kept | None:
    """What is kept beside the mirror in that folder; None before the first.

    Raises UnusableError when it is damaged or was counted by another version, and OSError when it cannot be read.
    """
    place = KeptFrame(folder / _FOLDER)
    found = place.read(thoroughly=False)
    if found is None:
        return None
    given, frame = found
    with understood(place.contents):
        # The same declaration may come to count otherwise.
        if given["version"] != version("kehu"):
            raise UnusableError("it was counted by another version of Kehu")
        as_of = datetime.fromisoformat(given["as_of"])
        head, fingerprints, last_ids = Head(**given["head"]), dict(given["fingerprints"]), dict(given["last_ids"])
    return Kept(head, Counted(as_of, fingerprints, frame), last_ids)


def write_kept(folder: Path, kept: Kept) -> None:
    """Keep that instead of what was kept. Raises OSError when it cannot be written; then the old may be gone."""
    known = {
        "version": version("kehu"),
        "head": asdict(kept.head),
        "as_of": kept.counted.as_of.isoformat(),
        "fingerprints": dict(kept.counted.fingerprints),
        "last_ids": dict(kept.last_ids),
    }
    KeptFrame(folder / _FOLDER).write(known, kept.counted.frame)


def forget_kept(folder: Path) -> None:
    """Let the next run count everything anew."""
    KeptFrame(folder / _FOLDER).forget()
