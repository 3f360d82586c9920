"""What `kehu rules check` found, in the form asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import orjson

from kehu.cli.checks import MEANINGS, page_of
from kehu.cli.github import annotations
from kehu.cli.junit import Outcome, junit
from kehu.cli.sarif import sarif_log
from kehu.model.problems import Problem
from kehu.rules.check import render


class CheckFormat(StrEnum):
    """The forms a list of problems may take."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


@dataclass(frozen=True, slots=True)
class Checked:
    """The problems by place, the checked files by shown path, and how many rule sets are right."""

    problems: Sequence[Problem]
    texts: Mapping[str, str]
    rulesets: int

    @property
    def errors(self) -> int:
        """Problems that keep the rules from being run."""
        return sum(problem.severity == "error" for problem in self.problems)


def formatted(checked: Checked, form: CheckFormat) -> str:
    """The report without its last line break; an annotation list without problems is empty."""
    match form:
        case CheckFormat.JSON:
            return _json({"problems": [asdict(problem) for problem in checked.problems], "errors": checked.errors})
        case CheckFormat.GITHUB:
            return annotations(checked.problems)
        case CheckFormat.SARIF:
            return _json(sarif_log(checked.problems, checked.texts, MEANINGS, page_of))
        case CheckFormat.JUNIT:
            return junit("kehu rules check", [("rules", _outcomes(checked))])
    shown = [render(problem, checked.texts.get(problem.place.path, "")) for problem in checked.problems]
    return "\n".join([*shown, _summary(checked)])


def _summary(checked: Checked) -> str:
    warnings = len(checked.problems) - checked.errors
    counts = f"{_count(checked.errors, 'error')}, {_count(warnings, 'warning')}"
    return f"{len(checked.texts)} files, {checked.rulesets} rule sets: {counts}"


def _outcomes(checked: Checked) -> list[Outcome]:
    """A case per file; its errors fail it, its warnings are remarks."""
    others = {problem.place.path for problem in checked.problems} - set(checked.texts)
    return [
        Outcome(
            path,
            path,
            failures=_lines(checked, path, "error"),
            remarks=_lines(checked, path, "warning"),
        )
        for path in (*checked.texts, *sorted(others))
    ]


def _lines(checked: Checked, path: str, severity: str) -> tuple[str, ...]:
    return tuple(
        str(problem) for problem in checked.problems if (problem.place.path, problem.severity) == (path, severity)
    )


def _json(document: object) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
