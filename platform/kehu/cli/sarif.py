"""Problems as a SARIF 2.1.0 log, the form in which code hosts show what analysers found."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from kehu.model.problems import Place, Problem
from kehu.rules.check import lines_of

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_log(
    problems: Iterable[Problem],
    texts: Mapping[str, str],
    meanings: Mapping[str, str],
    page_of: Callable[[str], str],
) -> Mapping[str, object]:
    """The log's document. `texts` maps shown paths to files, `meanings` checks to what each says.

    `page_of` gives a check's page, which goes along whole: the log is read where no other document may be at hand.
    SARIF counts columns in UTF-16 code units where nothing else is said, and many readers know no other; so do we,
    and say so.
    """
    found = list(problems)
    checks = sorted({problem.check for problem in found})
    driver = {
        "name": "kehu rules check",
        "version": version("kehu"),
        "rules": [_rule(check, meanings.get(check, ""), page_of(check)) for check in checks],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [_result(problem, checks.index(problem.check), texts) for problem in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(check: str, meaning: str, page: str) -> Mapping[str, object]:
    rule: dict[str, object] = {"id": check}
    if meaning:
        rule["shortDescription"] = {"text": meaning}
    if page:
        rule["help"] = {"text": _plain(page), "markdown": page}
    return rule


def _plain(page: str) -> str:
    """What the page says under its title, before its examples."""
    said = page.partition("\n\n")[2].partition("\n```")[0].partition("\n## ")[0]
    return " ".join(said.split())


def _result(problem: Problem, index: int, texts: Mapping[str, str]) -> Mapping[str, object]:
    place = problem.place
    text = f"{problem.message} ({problem.remedy})" if problem.remedy else problem.message
    region = {"startLine": place.line, "startColumn": _utf16_column(place, texts.get(place.path, ""))}
    artifact = {"uri": _uri(place.path)}
    return {
        "ruleId": problem.check,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }


def _utf16_column(place: Place, text: str) -> int:
    """Characters outside the basic plane, such as rare Chinese ones, count as two."""
    lines = lines_of(text)
    before = lines[place.line - 1][: place.column - 1] if place.line <= len(lines) else ""
    return place.column - len(before) + len(before.encode("utf-16-le", "surrogatepass")) // 2


def _uri(path: str) -> str:
    """A relative reference, or a file URI for a path from the root."""
    return Path(path).as_uri() if Path(path).is_absolute() else quote(Path(path).as_posix())
