"""A workspace's rule directory as it stood at a revision of its git repository."""

import subprocess
from pathlib import Path

from kehu.model.problems import Place, Problem, RefusedError
from kehu.workspace.workspace import RULES, Workspace


def rule_texts_at(workspace: Workspace, revision: str) -> dict[str, str]:
    """The YAML files of the workspace's own rules/ at a commit, branch or tag: relative path to text.

    Empty where the revision has no such folder. Raises RefusedError when there is no git, no repository or no
    such revision.
    """
    root = workspace.root
    if _git(root, "rev-parse", "--git-dir") is None:
        raise RefusedError([_problem(root, "no-repository", "the workspace is in no git repository")])
    tree = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    if tree is None:
        raise RefusedError([_problem(root, "unknown-revision", f"git knows no revision '{revision}'")])
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", tree.strip(), "--", f"{RULES}/") or ""
    paths = [path for path in listed.split("\0") if path.endswith((".yaml", ".yml"))]
    return {path.removeprefix(f"{RULES}/"): _git(root, "show", f"{tree.strip()}:./{path}") or "" for path in paths}


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None where it ends with an error."""
    try:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # no shell, git from PATH
    except FileNotFoundError as error:
        remedy = "install git, or give --base a folder"
        raise RefusedError([Problem(Place("git"), "no-git", "there is no git command", remedy)]) from error
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _problem(root: Path, check: str, message: str) -> Problem:
    return Problem(Place(str(root)), check, message, "give --base a revision git knows, a folder, or 'published'")
