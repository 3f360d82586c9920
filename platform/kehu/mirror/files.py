"""The mirror's files: written whole or not at all, checked before they are read, kept while anybody reads them."""

import fcntl
import os
import secrets
import weakref
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

_PIECE_BYTES = 1 << 20
_BATCH_ROWS = 131_072


class UnusableError(Exception):
    """The mirror on disk cannot be used; says why in words for people."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Arrow IPC file: its name in the mirror's folder, and what tells whether it is the one that was written."""

    name: str
    rows: int
    size: int
    checksum: int
    inode: int
    changed_at: int


def write_frame(folder: Path, stem: str, frame: pl.DataFrame) -> DataFile:
    """A new file of that frame, on the disk when this returns. Raises OSError when it cannot be written."""
    path = folder / f"{stem}-{secrets.token_hex(6)}.arrow"
    _write(path, lambda file: frame.write_ipc(file, compression="uncompressed", record_batch_size=_BATCH_ROWS))
    status = path.stat()
    checksum = _checksum(path)
    return DataFile(path.name, len(frame), status.st_size, checksum, status.st_ino, status.st_mtime_ns)


def write_text(path: Path, text: str) -> None:
    """The text in place of what the file held, all of it or, when the machine dies, none."""
    _write(path, lambda file: file.write(text.encode()))


def check_file(folder: Path, file: DataFile, *, thoroughly: bool) -> None:
    """Raise UnusableError unless the file is as it was written.

    Its content is read only when its size, place or time is another, or `thoroughly`.
    """
    path = folder / file.name
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UnusableError(f"'{file.name}' is missing") from None
    if status.st_size != file.size:
        raise UnusableError(f"'{file.name}' has {status.st_size:,} bytes instead of {file.size:,}")
    same = (status.st_ino, status.st_mtime_ns) == (file.inode, file.changed_at)
    if (thoroughly or not same) and _checksum(path) != file.checksum:
        raise UnusableError(f"'{file.name}' does not hold what was written")


def hold(path: Path, holder: object) -> None:
    """Keep the file from `remove_unheld` as long as `holder` lives; raises FileNotFoundError when it is gone."""
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    weakref.finalize(holder, os.close, descriptor)
    if os.fstat(descriptor).st_nlink == 0:
        raise FileNotFoundError(path)


def remove_unheld(path: Path) -> None:
    """Remove the file unless somebody reads it."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        path.unlink(missing_ok=True)


@contextmanager
def only_writer(lock: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock on that file; makes the file and its folder."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: Callable[[BinaryIO], object]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        content(file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            value = zlib.crc32(piece, value)
    return value
