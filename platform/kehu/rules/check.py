"""A problem shown with the line it stands on and a mark under the spot."""

import re
import unicodedata
from functools import lru_cache

from kehu.model.problems import Problem

_AROUND = 100
_TOKEN = re.compile(r"\$?\w+|\"[^\"\n]*\"|'[^'\n]*'|[=<>!~?&|+*/-]+|.", re.DOTALL)


def render(problem: Problem, source_text: str) -> str:
    """The problem over several lines; only its own line where the place is not in the text."""
    place = problem.place
    head = f"{place}: {problem.severity}[{problem.check}]: {problem.message}"
    tail = f"  = help: {problem.remedy}" if problem.remedy else ""
    lines = lines_of(source_text)
    if not source_text or place.line > len(lines):
        return "\n".join(part for part in (head, tail) if part)
    line, column = _window(lines[place.line - 1], place.column)
    before, after = line[: column - 1], line[column - 1 :]
    token = _TOKEN.match(after)
    mark = "^" * max(1, _width(token[0].rstrip()) if token else 1)
    gutter = " " * len(str(place.line))
    shown = [head, f"{gutter} |", f"{place.line} | {line}", f"{gutter} | {_blank(before)}{mark}"]
    return "\n".join([*shown, *([tail] if tail else [])])


# A file may have thousands of problems; the next one is mostly in the file of the one before.
@lru_cache(maxsize=1)
def lines_of(source_text: str) -> tuple[str, ...]:
    """The lines as YAML counts them, without their breaks."""
    return tuple(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", source_text.removeprefix("\ufeff")))


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a very long line that is around the column, and where the column is in it."""
    start = max(0, column - 1 - _AROUND)
    cut = line[start : start + 2 * _AROUND]
    left, right = "…" if start else "", "…" if start + 2 * _AROUND < len(line) else ""
    return f"{left}{cut}{right}", column - start + len(left)


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two, combining marks none."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _blank(text: str) -> str:
    """As much space as the text takes, tabs kept."""
    return "".join("\t" if character == "\t" else " " * _columns(character) for character in text)
