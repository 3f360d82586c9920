"""The rule directory at a revision of a real git repository."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.model.problems import RefusedError
from kehu.workspace.revisions import rule_texts_at
from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]


def commit(folder: Path) -> None:
    """Everything in the folder as a commit of its repository, which is made when there is none."""
    subprocess.run(["git", "-C", folder, "init", "--quiet"], check=True)
    subprocess.run(["git", "-C", folder, "add", "-A"], check=True)
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *who, "-C", folder, "commit", "--quiet", "-m", "m"], check=True)


@pytest.mark.parametrize("above", [0, 1], ids=["the workspace is the repository", "it is a folder of one"])
def test_the_files_are_those_of_the_revision(make_workspace: MakeWorkspace, above: int) -> None:
    workspace = make_workspace({"rules/a.yaml": "a: 中", "rules/features/f.yaml": "f: 1", "rules/README.md": "no"})
    repository = [workspace.root, workspace.root.parent][above]
    commit(repository)
    (workspace.rules_folder / "a.yaml").write_text("a: 2", encoding="utf-8")
    (workspace.rules_folder / "b.yaml").write_text("b: 1", encoding="utf-8")
    commit(repository)
    assert rule_texts_at(workspace, "HEAD~1") == {"a.yaml": "a: 中", "features/f.yaml": "f: 1"}
    assert rule_texts_at(workspace, "HEAD") == {"a.yaml": "a: 2", "b.yaml": "b: 1", "features/f.yaml": "f: 1"}


def test_a_revision_from_before_the_rules_has_none(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"x": "y"})
    commit(workspace.root)
    assert rule_texts_at(workspace, "HEAD") == {}


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD~5"])
def test_an_unknown_revision_is_refused(make_workspace: MakeWorkspace, revision: str) -> None:
    workspace = make_workspace()
    commit(workspace.root)
    with pytest.raises(RefusedError, match=f"git knows no revision '{revision}'"):
        rule_texts_at(workspace, revision)


def test_a_workspace_outside_a_repository_is_told_so(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.root.parent))
    with pytest.raises(RefusedError, match=r"the workspace is in no git repository \(give --base a revision git knows"):
        rule_texts_at(workspace, "HEAD")


def test_without_git_the_remedy_says_so(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = make_workspace()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RefusedError, match="there is no git command"):
        rule_texts_at(workspace, "HEAD")
