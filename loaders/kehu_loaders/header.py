"""Compares a file's header with the columns its source names."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kehu.model.graph import FIELDS, PARTY_FIELDS
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.sources.source import Source

_WORDS = {word for fields in (*FIELDS.values(), PARTY_FIELDS) for field in fields for word in field.words}


def check_header(names: Sequence[str | None], source: Source, file: Path) -> list[str]:
    """The header's names, trimmed, each once: an unnamed or repeated column is named by its place.

    Raises RefusedError naming every column of the source that the header lacks or has twice.
    """
    trimmed = [(name or "").strip() for name in names]
    counts = Counter(trimmed)
    problems = [
        _absent(column.name, column.place, trimmed, file) if not counts[column.name] else _twice(column.name, file)
        for column in source.columns()
        if counts[column.name] != 1
    ]
    if problems:
        raise RefusedError(problems)
    return [_unique(name, place, counts) for place, name in enumerate(trimmed, start=1)]


def _unique(name: str, place: int, counts: Counter[str]) -> str:
    return name if name and counts[name] == 1 else f"{name}(column {place})"


def _absent(name: str, place: Place, header: Sequence[str], file: Path) -> Problem:
    if name in _WORDS:
        remedy = f"for the same value in every row write {{value: {name}}}"
    else:
        remedy = did_you_mean(name, filter(None, header)) or f"the header has {', '.join(filter(None, header))[:200]}"
    return Problem(place, "missing-column", f"'{file}' has no column '{name}'", remedy)


def _twice(name: str, file: Path) -> Problem:
    return Problem(
        Place(str(file)),
        "duplicate-column",
        f"the header has '{name}' more than once",
        "rename one of them in the export",
    )
