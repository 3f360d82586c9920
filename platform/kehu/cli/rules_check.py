"""kehu rules check: every rule and feature file, all problems at once."""

from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.formats import Checked, CheckFormat, formatted
from kehu.cli.options import JsonOption, WorkspaceOption, workspace_at
from kehu.cli.output import say
from kehu.model.problems import RefusedError
from kehu.pipeline.empty_levels import empty_levels
from kehu.pipeline.identity_rules import checked_identity
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import Workspace, rule_texts, shown_path

FOUND = 1
_PROOFS = "tests/"


def check(
    form: Annotated[
        CheckFormat, typer.Option("--format", help="How to write what is found; github, sarif and junit are for CI.")
    ] = CheckFormat.TEXT,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Check every rule and feature file; exit 1 when any has an error. Nothing is run or written.

    Where nothing is wrong and a run is published, levels in which it put nobody are told, as warnings.

    Example: kehu rules check --format github
    """
    if json and form not in {CheckFormat.TEXT, CheckFormat.JSON}:
        raise typer.BadParameter(f"--json and --format {form} exclude each other")
    checked = _checked(workspace_at(workspace))
    text = formatted(checked, CheckFormat.JSON if json else form)
    if text:
        say(text)
    if checked.errors:
        raise typer.Exit(FOUND)


def _checked(workspace: Workspace) -> Checked:
    """Files that cannot be read are told in the form asked for, too."""
    try:
        found = rule_texts(workspace)
        _, book, problems = read_rule_directory(workspace)
        problems += checked_identity(workspace)[1]
    except RefusedError as refused:
        return Checked(refused.problems, {}, 0)
    texts = {shown_path(workspace, path): text for path, text in found.items() if not path.startswith(_PROOFS)}
    if not any(problem.severity == "error" for problem in problems):
        problems += empty_levels(workspace, book, texts)
    return Checked(sorted(problems, key=lambda each: (each.place, each.check)), texts, len(book.rulesets))
