"""What is wrong with an input: where, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

_FEW = 12  # as many choices as a reader takes in at a glance

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file; line and column count from 1, columns in characters."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `check` is a stable id such as "unknown-feature"; `remedy` says how to mend it."""

    place: Place
    check: str
    message: str
    remedy: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        advice = f" ({self.remedy})" if self.remedy else ""
        return f"{self.place}: {self.severity}[{self.check}]: {self.message}{advice}"


class RefusedError(Exception):
    """Bad input: carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n".join(map(str, self.problems)))


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Raise RefusedError when any problem is an error; warnings alone pass."""
    found = tuple(problems)
    if any(problem.severity == "error" for problem in found):
        raise RefusedError(found)


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A remedy naming the nearest choice, or the choices when none is near and they are few, or ''."""
    known = sorted(set(choices))
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"choose one of {', '.join(known)}" if 0 < len(known) <= _FEW else ""
