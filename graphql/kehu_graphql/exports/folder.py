"""Where exports lie: a file of what is known of each, a file of its rows, and a lock while it is written."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import orjson

from kehu.workspace.exports import exports_folder

DOWNLOAD_URL = "/exports"
KEPT = timedelta(days=7)
RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED = "running", "done", "failed", "cancelled", "interrupted"
# A page of a disk, more than what is known of an export takes.
_PROBE_BYTES = 4096
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExportState:
    """What is known of an export; `rows` and `size_bytes` as far as it is."""

    id: str
    status: str
    query: str
    author: str
    started_at: datetime
    run: int | None = None
    rows: int = 0
    size_bytes: int = 0
    finished_at: datetime | None = None
    error: str | None = None

    @property
    def expires_at(self) -> datetime:
        """From then on it is gone."""
        return self.started_at + KEPT


class ExportFolder:
    """The exports of a workspace, whichever process writes them. Its files are for their owner alone to read."""

    def __init__(self, root: Path) -> None:
        self._folder = exports_folder(root)

    def probe(self) -> None:
        """OSError where nothing can be written, such as on a full disk."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryFile(dir=self._folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()

    def write(self, state: ExportState) -> None:
        """Keep what is known by now, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._path(state.id, "new")
        with new.open("wb") as file:
            file.write(orjson.dumps(asdict(state), option=orjson.OPT_UTC_Z))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path(state.id, "json"))

    def states(self, now: datetime) -> list[ExportState]:
        """Every export, the last started first; those that have expired are removed."""
        found = [state for path in self._folder.glob("*.json") if (state := self._read(path)) is not None]
        for state in found:
            if state.expires_at <= now and state.status != RUNNING:
                self._remove(state.id)
        kept = [state for state in found if state.expires_at > now]
        return sorted(kept, key=lambda state: (state.started_at, state.id), reverse=True)

    def state(self, key: str, now: datetime) -> ExportState | None:
        """None for an unknown one and for one that has expired."""
        found = self._read(self._path(key, "json")) if _ID.fullmatch(key) else None
        return None if found is None or found.expires_at <= now else found

    def rows_file(self, key: str) -> Path:
        """The rows of an export that is done."""
        return self._path(key, "jsonl")

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """The file to write rows to, while no process takes the export for dead; removed unless it was renamed."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path(key, "part")
        with self._path(key, "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            part.touch(mode=0o600)
            try:
                yield part
            finally:
                for ending in ("part", "cancel"):
                    self._path(key, ending).unlink(missing_ok=True)
        self._path(key, "lock").unlink(missing_ok=True)

    def cancel(self, key: str) -> None:
        """Tell whoever writes it to stop."""
        self._path(key, "cancel").touch()

    def is_cancelled(self, key: str) -> bool:
        """Whether somebody said so."""
        return self._path(key, "cancel").exists()

    def _read(self, path: Path) -> ExportState | None:
        try:
            state = _state(orjson.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (TypeError, KeyError, ValueError):
            # Torn when the machine stopped, or not ours: the others are as they were.
            return None
        return (
            replace(state, status=INTERRUPTED) if state.status == RUNNING and not self._is_locked(state.id) else state
        )

    def _is_locked(self, key: str) -> bool:
        with suppress(FileNotFoundError), self._path(key, "lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _remove(self, key: str) -> None:
        for ending in ("jsonl", "part", "lock", "cancel", "new", "json"):
            self._path(key, ending).unlink(missing_ok=True)

    def _path(self, key: str, ending: str) -> Path:
        return self._folder / f"{key}.{ending}"


def _state(told: dict[str, Any]) -> ExportState:
    """TypeError, KeyError or ValueError for what was not written here."""
    for name in ("started_at", "finished_at"):
        told[name] = told[name] and datetime.fromisoformat(told[name]).astimezone(UTC)
    return ExportState(**told)


def new_key() -> str:
    """The key of an export, which is also all that one needs to read it: nobody can guess it."""
    return secrets.token_hex(16)
