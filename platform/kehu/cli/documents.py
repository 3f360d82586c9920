"""kehu documents: the GraphQL documents that a server trusts."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, workspace_at
from kehu.cli.output import say, say_json, show_problems
from kehu.cli.server import of_server
from kehu.model.problems import Place, Problem
from kehu.workspace.documents import read_documents, shown_document

app = typer.Typer(help="GraphQL documents that a server trusts.", no_args_is_help=True)

FOUND = 1


@app.command("check")
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of *.graphql files, or a manifest; the workspace's by default.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Check that the schema and its limits still let every trusted document run; exit 1 when one cannot.

    Given a path it needs no workspace, so that a front-end's CI can run it.

    Example: kehu documents check web/documents --json
    """
    place = path or _of_workspace(workspace)
    texts = read_documents(place)
    problems = [_placed(place, problem) for problem in of_server("outdated_documents")(texts)]
    count = len(set(texts.values()))
    if json:
        say_json({"documents": count, "problems": [asdict(problem) for problem in problems]})
    elif problems:
        show_problems(problems)
    else:
        say(f"{count} {'document' if count == 1 else 'documents'}, and each can run")
    if problems:
        raise typer.Exit(FOUND)


def _of_workspace(folder: Path) -> Path:
    workspace = workspace_at(folder)
    return workspace.root / workspace.settings.trusted_documents_path


def _placed(path: Path, problem: Problem) -> Problem:
    """The problem, which knows its document by name, at the file to mend."""
    at = problem.place
    return replace(problem, place=Place(shown_document(path, at.path), at.line, at.column))
