"""What the last run counted, kept beside the mirror: derived and disposable like it."""

import json
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from kehu.features.counted import Counted
from kehu.mirror.files import DataFile, UnusableError, check_file, only_writer, write_frame, write_text
from kehu.store.event_changes import Head

_FOLDER, _NAME, _LOCK = "counted", "counted.json", "lock"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was counted of the events as they were up to an entry of the log of changed events."""

    head: Head
    counted: Counted


def read_kept(folder: Path) -> Kept | None:
    """What is kept beside the mirror in that folder; None before the first.

    Raises UnusableError when it is damaged or was counted by another version, and OSError when it cannot be read.
    """
    place = folder / _FOLDER
    with only_writer(place / _LOCK):
        try:
            outer = json.loads((place / _NAME).read_bytes())
            content = str(outer["content"])
            if zlib.crc32(content.encode()) != outer["checksum"]:
                raise UnusableError(f"'{_NAME}' is damaged")
            given = json.loads(content)
            # The same declaration may come to count otherwise.
            if given["version"] != version("kehu"):
                raise UnusableError("it was counted by another version of Kehu")
            file = DataFile(**given["file"])
            as_of = datetime.fromisoformat(given["as_of"])
            head, fingerprints = Head(**given["head"]), dict(given["fingerprints"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableError(f"'{_NAME}' is damaged") from error
        check_file(place, file, thoroughly=False)
        frame = pl.read_ipc(place / file.name)
    return Kept(head, Counted(as_of, fingerprints, frame))


def write_kept(folder: Path, kept: Kept) -> None:
    """Keep that instead of what was kept. Raises OSError when it cannot be written; then the old may be gone."""
    place = folder / _FOLDER
    with only_writer(place / _LOCK):
        file = write_frame(place, "counted", kept.counted.frame)
        content = json.dumps(
            {
                "version": version("kehu"),
                "head": asdict(kept.head),
                "as_of": kept.counted.as_of.isoformat(),
                "fingerprints": dict(kept.counted.fingerprints),
                "file": asdict(file),
            }
        )
        write_text(place / _NAME, json.dumps({"checksum": zlib.crc32(content.encode()), "content": content}))
        for path in place.iterdir():
            if path.name not in {_NAME, _LOCK, file.name}:
                path.unlink()


def forget_kept(folder: Path) -> None:
    """Let the next run count everything anew."""
    place = folder / _FOLDER
    with only_writer(place / _LOCK):
        (place / _NAME).unlink(missing_ok=True)
