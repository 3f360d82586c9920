"""kehu rules test: the cases beside the rules, run."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.junit import Outcome, junit
from kehu.cli.options import JsonOption, WorkspaceOption, workspace_at
from kehu.cli.output import say, say_json
from kehu.pipeline.proving import Proof, prove
from kehu.pipeline.rule_cases import CaseResult, Failure

FAILED, USAGE = 1, 2


class ProofFormat(StrEnum):
    """The forms a report of cases may take."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def run_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders of cases; rules/tests by default.")
    ] = None,
    *,
    run: Annotated[str, typer.Option("--run", help="Only cases in whose name this regular expression is found.")] = "",
    form: Annotated[ProofFormat, typer.Option("--format", help="How to write the report.")] = ProofFormat.TEXT,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List the levels and warnings that no case expects.")
    ] = False,
    least: Annotated[
        float, typer.Option("--min-coverage", min=0, max=1, help="The share of them that cases must expect.")
    ] = 0,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Run the cases in rules/tests: given features or events, expected levels, warnings and reasons.

    Exit 1 when a case fails, or when fewer levels are expected by cases than --min-coverage asks for.

    Example: kehu rules test --run boundary
    """
    if json and form is ProofFormat.JUNIT:
        raise typer.BadParameter("--json and --format junit exclude each other")
    missing = [path for path in paths or () if not path.exists()]
    if missing:
        raise typer.BadParameter(f"there is no '{missing[0]}'")
    try:
        proof = prove(workspace_at(workspace), paths or (), run)
    except re.error as error:
        raise typer.BadParameter(f"--run '{run}' is no regular expression: {error}") from error
    if run and not proof.cases:
        raise typer.BadParameter(f"--run '{run}' chooses no case")
    _report(proof, ProofFormat.JSON if json else form, with_coverage=coverage or proof.coverage < least)
    if proof.failed or proof.coverage < least:
        raise typer.Exit(FAILED)


def _report(proof: Proof, form: ProofFormat, *, with_coverage: bool) -> None:
    if form is ProofFormat.JSON:
        say_json(proof_document(proof))
    elif form is ProofFormat.JUNIT:
        say(
            junit(
                "kehu rules test", [(path, _outcomes(path, list(results))) for path, results in proof.results.items()]
            )
        )
    else:
        say("\n".join([*proof_lines(proof), *(coverage_lines(proof) if with_coverage else ())]))


def proof_lines(proof: Proof) -> Iterator[str]:
    """A line per file, below it every case that failed with its expectations, and how many there were."""
    for path, results in proof.results.items():
        failed = [result for result in results if result.failures]
        if failed:
            yield f"FAIL {path}: {len(failed)} of {_count(len(results), 'case')} failed"
        elif results:
            yield f"ok   {path}: {_count(len(results), 'case')}"
        for result in failed:
            yield f"     {result.case.name}"
            yield from (f"       {failure}" for failure in result.failures)
    yield from (f"not run: {path} (the workspace has its own rule file of that name)" for path in proof.left_out)
    files = sum(bool(results) for results in proof.results.values())
    passed = proof.cases - proof.failed
    yield f"{_count(proof.cases, 'case')} in {_count(files, 'file')}: {passed} passed, {proof.failed} failed"


def coverage_lines(proof: Proof) -> Iterator[str]:
    """How many levels and warnings are expected by some case, and which are not."""
    covered = proof.answers - len(proof.uncovered)
    yield f"coverage {proof.coverage:.0%}: {covered} of {proof.answers} levels and warnings are expected by a case"
    yield from (f"  no case expects {name}" for name in proof.uncovered)


def proof_document(proof: Proof) -> dict[str, object]:
    """What `kehu rules test --json` prints."""
    return {
        "cases": proof.cases,
        "failed": proof.failed,
        "files": [
            {
                "path": path,
                "cases": [
                    {
                        "name": result.case.name,
                        "line": result.case.place.line,
                        "failures": [_failure_document(failure) for failure in result.failures],
                    }
                    for result in results
                ],
            }
            for path, results in proof.results.items()
        ],
        "not_run": list(proof.left_out),
        "coverage": {"share": proof.coverage, "uncovered": list(proof.uncovered)},
    }


def _failure_document(failure: Failure) -> dict[str, object]:
    return {
        "line": failure.place.line,
        "column": failure.place.column,
        "ruleset": failure.ruleset,
        "expected": failure.expected,
        "got": failure.got,
        "because": failure.because,
    }


def _outcomes(path: str, results: list[CaseResult]) -> list[Outcome]:
    return [
        Outcome(result.case.name, path, result.case.place.line, tuple(map(str, result.failures))) for result in results
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
