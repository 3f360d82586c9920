"""One frame kept in a folder beside the mirror, with what it is known by: derived and disposable like it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from kehu.mirror.contents import read_contents, understood, write_contents
from kehu.mirror.files import DataFile, check_file, only_writer, write_frame

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """The folder's one frame; one process at a time reads or writes it."""

    folder: Path

    @property
    def contents(self) -> Path:
        """The file that says which frame is kept and what it is known by."""
        return self.folder / f"{self.folder.name}.json"

    def read(self, *, thoroughly: bool) -> tuple[dict[str, Any], pl.DataFrame] | None:
        """What the frame is known by, and the frame, checked as `check_file` does; None before the first.

        Raises UnusableError when either is damaged, and OSError when they cannot be read.
        """
        with only_writer(self.folder / _LOCK):
            known = read_contents(self.contents)
            if known is None:
                return None
            with understood(self.contents):
                file = DataFile(**known.pop("file"))
            check_file(self.folder, file, thoroughly=thoroughly)
            return known, pl.read_ipc(self.folder / file.name)

    def write(self, known: Mapping[str, object], frame: pl.DataFrame) -> None:
        """Keep that frame instead. Raises OSError when it cannot be written; then the old may be gone."""
        with only_writer(self.folder / _LOCK):
            file = write_frame(self.folder, self.folder.name, frame)
            write_contents(self.contents, {**known, "file": asdict(file)})
            for path in self.folder.iterdir():
                if path.name not in {self.contents.name, _LOCK, file.name}:
                    path.unlink()

    def forget(self) -> None:
        """Keep nothing any more. Raises OSError when the contents cannot be removed."""
        with only_writer(self.folder / _LOCK):
            self.contents.unlink(missing_ok=True)
