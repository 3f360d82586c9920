"""Problems as annotations of a GitHub workflow: commands on standard output that the runner reads."""

from collections.abc import Iterable

from kehu.model.problems import Problem

_LEVELS = {"error": "error", "warning": "warning"}


def annotations(problems: Iterable[Problem]) -> str:
    """One workflow command a line; a problem's remedy is the annotation's second line."""
    return "\n".join(_annotation(problem) for problem in problems)


def _annotation(problem: Problem) -> str:
    place = problem.place
    properties = {"file": place.path, "line": place.line, "col": place.column, "title": problem.check}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{problem.message}\n{problem.remedy}" if problem.remedy else problem.message
    return f"::{_LEVELS[problem.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """What stands behind the second `::`; a line break would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
