"""The rules put to the proof: every file of cases beside them, or those named, run and reported."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.case_files import Case, read_cases, rules_of
from kehu.pipeline.identity_cases import (
    IDENTITY_CASES,
    IdentityCase,
    read_identity_cases,
    run_identity_cases,
)
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.rule_cases import CaseResult, codes_of, run_cases, uncovered
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.texts import read_texts
from kehu.workspace.workspace import Workspace, rule_texts, shown_path

TESTS = "tests/"


@dataclass(frozen=True, slots=True)
class Proof:
    """Results by file, in the order of their paths; files of which no case was chosen have none.

    `left_out` are shipped files of cases whose rule file the workspace replaces by its own. `uncovered` are the
    levels and warnings, of `answers` in all, that no case of any file expects.
    """

    results: Mapping[str, Sequence[CaseResult]]
    left_out: tuple[str, ...]
    uncovered: tuple[str, ...]
    answers: int

    @property
    def cases(self) -> int:
        """How many cases were run."""
        return sum(map(len, self.results.values()))

    @property
    def failed(self) -> int:
        """How many of them have an expectation that does not hold."""
        return sum(bool(result.failures) for results in self.results.values() for result in results)

    @property
    def coverage(self) -> float:
        """The share of levels and warnings that some case expects; 1 where there are none."""
        return 1 - len(self.uncovered) / self.answers if self.answers else 1.0


def prove(workspace: Workspace, paths: Sequence[Path], pattern: str) -> Proof:
    """Run the cases whose name the regular expression finds, of the files named or of all beside the rules.

    Raises RefusedError with everything wrong with rules and cases, re.error for a wrong expression.
    """
    wanted = re.compile(pattern)
    texts, left_out = _texts(workspace, paths)
    catalogue, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    rules = rules_of(catalogue, book)
    read: dict[str, list[Case]] = {}
    of_identity: dict[str, list[IdentityCase]] = {}
    for path, text in texts.items():
        if Path(path).name in IDENTITY_CASES:
            of_identity[path], found = read_identity_cases(text, path)
        else:
            read[path], found = read_cases(text, path, rules)
        problems += found
    refuse_errors(problems)
    chosen = {path: [case for case in cases if wanted.search(case.name)] for path, cases in read.items()}
    results = iter(run_cases([case for cases in chosen.values() for case in cases], catalogue, book))
    proved: dict[str, Sequence[CaseResult]] = {path: [next(results) for _ in cases] for path, cases in chosen.items()}
    for path, cases in of_identity.items():
        named = [case for case in cases if wanted.search(case.name)]
        proved[path] = run_identity_cases(named, workspace_identity(workspace), workspace.settings.phone_region)
    every = [case for cases in read.values() for case in cases]
    return Proof(
        {path: proved[path] for path in texts},
        left_out,
        tuple(uncovered(every, book)),
        sum(len(codes_of(item)) for item in book.rulesets),
    )


def _texts(workspace: Workspace, paths: Sequence[Path]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The files of cases by shown path, and those left out."""
    if paths:
        return read_texts({str(file): file for path in paths for file in _files_of(path)}), ()
    found = {path: text for path, text in rule_texts(workspace).items() if path.startswith(TESTS)}
    left_out = [path for path in found if _is_replaced(workspace, path)]
    texts = {shown_path(workspace, path): text for path, text in found.items() if path not in left_out}
    return texts, tuple(shown_path(workspace, path) for path in left_out)


def _files_of(path: Path) -> list[Path]:
    """The file itself, or every YAML file in the folder and below."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        remedy = "name a file of cases, or a folder of them"
        raise RefusedError([Problem(Place(str(path)), "no-file", "there is no such file", remedy)])
    return sorted(file for file in path.rglob("*") if file.suffix in {".yaml", ".yml"})


def _is_replaced(workspace: Workspace, path: str) -> bool:
    """A shipped file of cases proves the shipped rule file of its name: `tests/vip_test.yaml` proves `vip.yaml`."""
    own = workspace.rules_folder
    proved = path.removeprefix(TESTS).rpartition(".")[0].removesuffix("_test")
    is_shipped = not (own / path).is_file()
    return is_shipped and any((own / f"{proved}.{end}").is_file() for end in ("yaml", "yml"))
