"""kehu rules: the analyst's commands."""

from dataclasses import asdict
from pathlib import Path

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.model.feature_types import FeatureType
from kehu.model.problems import Problem
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.rules.check import render
from kehu.workspace.workspace import Workspace, rule_texts, shown_path

app = typer.Typer(help="Check rule files and look at the features they may use.", no_args_is_help=True)
FOUND = 1


@app.command("check")
def check(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """Check every rule and feature file; exit 1 when any has an error. Nothing is run or written.

    Example: kehu rules check
    """
    place = workspace_at(workspace)
    _, book, problems = read_rule_directory(place)
    errors = [problem for problem in problems if problem.severity == "error"]
    if json:
        say_json({"problems": [asdict(problem) for problem in problems], "errors": len(errors)})
    else:
        _show(place, problems)
        features = len(rule_texts(place))
        say(
            f"{features} files, {len(book.rulesets)} rule sets: {_count(len(errors), 'error')}, "
            f"{_count(len(problems) - len(errors), 'warning')}"
        )
    if errors:
        raise typer.Exit(FOUND)


@app.command("features")
def features(workspace: WorkspaceOption = Path(), json: JsonOption = False) -> None:
    """The features rules may use: type, unit, meaning.

    Example: kehu rules features
    """
    catalogue, _, _ = read_rule_directory(workspace_at(workspace))
    if json:
        say_json({"features": [asdict(info) for info in catalogue.infos]})
        return
    rows = [(info.name, _kind(info.type), info.unit, info.label.zh, info.meaning) for info in catalogue.infos]
    show_table("Features", ("name", "type", "unit", "中文", "meaning"), rows)


def _show(place: Workspace, problems: list[Problem]) -> None:
    texts = {shown_path(place, path): text for path, text in rule_texts(place).items()}
    for problem in sorted(problems, key=lambda found: (found.place, found.check)):
        say(render(problem, texts.get(problem.place.path, "")))


def _kind(kind: FeatureType) -> str:
    return kind.kind + (" or unknown" if kind.nullable else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
