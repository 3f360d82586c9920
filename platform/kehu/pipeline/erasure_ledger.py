"""What of erasures lives beside the database: the key of the digests, and a copy that outlives a restored backup."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from kehu.identity.seal import Seal
from kehu.model.problems import Place, Problem, RefusedError

KEY_FILE, LEDGER_FILE = "erasure.key", "erasures.jsonl"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """An erasure as the ledger tells it: kinds and digests, nothing of the person; `is_ended` after consent."""

    code: str
    key_check: str
    created_at: str
    tombstones: tuple[tuple[str, str], ...]
    is_ended: bool = False


def seal_of(root: Path, *, make: bool = False) -> Seal | None:
    """The workspace's key; with `make` a new one where there is none, readable by its owner alone.

    Raises RefusedError for a file that holds no key.
    """
    file = root / KEY_FILE
    if not file.exists():
        if not make:
            return None
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as written:
            written.write(secrets.token_hex(_KEY_BYTES) + "\n")
            written.flush()
            os.fsync(written.fileno())
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise _no_key(file, "holds no key") from error
    if len(key) != _KEY_BYTES:
        raise _no_key(file, f"holds {len(key)} bytes instead of {_KEY_BYTES}")
    return Seal(key)


def needed_seal(root: Path, checks: frozenset[str]) -> Seal | None:
    """The key that made the digests of these checks; None where there are none.

    Raises RefusedError where it is missing or another: without it the erased would come back unseen.
    """
    if not checks:
        return None
    seal = seal_of(root)
    if seal is None:
        raise _no_key(root / KEY_FILE, "is missing, and people were erased")
    if checks != {seal.check}:
        raise _no_key(root / KEY_FILE, "is not the key by which people were erased")
    return seal


def read_ledger(root: Path) -> dict[str, Entry]:
    """The entries by their code, the last word of each; empty where nobody was erased.

    Raises RefusedError naming every line that is none.
    """
    file = root / LEDGER_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found, problems = {}, []
    for number, line in enumerate(lines, 1):
        try:
            entry = _entry(line)
        except (ValueError, KeyError, TypeError):
            said = f"'{line[:40]}' is no erasure"
            problems.append(Problem(Place(str(file), number), "erasure-ledger", said, "put the file back from a copy"))
            continue
        found[entry.code] = entry
    if problems:
        raise RefusedError(problems)
    return found


def append_to_ledger(root: Path, entries: Iterator[Entry]) -> None:
    """Write them at the end, on disk before this returns."""
    text = "".join(json.dumps(asdict(entry)) + "\n" for entry in entries)
    if not text:
        return
    descriptor = os.open(root / LEDGER_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())


def _entry(line: str) -> Entry:
    read = json.loads(line)
    tombstones = tuple((str(kind), str(digest)) for kind, digest in read["tombstones"])
    return Entry(read["code"], read["key_check"], read["created_at"], tombstones, bool(read["is_ended"]))


def _no_key(file: Path, said: str) -> RefusedError:
    remedy = "put the file back from where the workspace's secrets are kept"
    return RefusedError([Problem(Place(str(file)), "erasure-key", f"the key of erasures {said}", remedy)])
