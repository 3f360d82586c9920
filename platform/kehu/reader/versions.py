"""Versions of what is read, so that a change can tell whether it was decided on what there is now."""

from dataclasses import astuple, is_dataclass
from hashlib import blake2b

from kehu.model.problems import Place, Problem

_BYTES = 8


def version_of(row: object) -> str:
    """A word that differs when any value of the dataclass does; TypeError for anything else."""
    if not is_dataclass(row) or isinstance(row, type):
        raise TypeError(f"'{row!r}' is no dataclass")
    return blake2b(repr(astuple(row)).encode(), digest_size=_BYTES).hexdigest()


def version_problems(row: object, expected: str | None, place: Place) -> list[Problem]:
    """What is wrong with a change that was decided on the row as it was in version `expected`; None fits any."""
    now = version_of(row)
    if expected in {None, now}:
        return []
    said = f"it has changed since version '{expected}' was read: its version is '{now}'"
    return [Problem(place, "stale-version", said, "read it again, and decide on what it says now")]
