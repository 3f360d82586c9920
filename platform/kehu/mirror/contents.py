"""A table of contents in a file: written whole, and found out when it is not what was written."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kehu.mirror.files import UnusableError, write_text


def write_contents(path: Path, contents: Mapping[str, object]) -> None:
    """Make these the contents that readers find. Raises OSError when they cannot be written."""
    text = json.dumps(contents)
    write_text(path, json.dumps({"checksum": zlib.crc32(text.encode()), "content": text}))


def read_contents(path: Path) -> dict[str, Any] | None:
    """What was written; None when nothing was.

    Raises UnusableError when the file is damaged, and OSError when it cannot be read.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return None
    with understood(path):
        outer = json.loads(written)
        text = str(outer["content"])
        if zlib.crc32(text.encode()) != outer["checksum"]:
            raise UnusableError(f"'{path.name}' is damaged")
        return dict(json.loads(text))


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Raise UnusableError in place of what Python raises over contents of another shape."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableError(f"'{path.name}' is damaged") from error
