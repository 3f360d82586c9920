"""The rule directory of a workspace over the shipped one."""

from collections.abc import Callable

from kehu.workspace.workspace import Workspace, rule_texts, shown_path, source_texts

MakeWorkspace = Callable[..., Workspace]


def test_own_files_lie_over_the_shipped_ones(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"rules/lifecycle.yaml": "mine", "rules/features/extra.yaml": "more"})
    texts = rule_texts(workspace)
    assert (texts["lifecycle.yaml"], texts["features/extra.yaml"]) == ("mine", "more")
    assert "features/shipments.yaml" in texts
    assert shown_path(workspace, "lifecycle.yaml") == str(workspace.root / "rules" / "lifecycle.yaml")
    assert shown_path(workspace, "features/shipments.yaml") == "kehu/default_rules/features/shipments.yaml"


def test_own_rules_alone_when_the_workspace_says_so(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"rules/lifecycle.yaml": "mine", "rules/README.md": "no rule"}, 'rules = "own"\n')
    assert rule_texts(workspace) == {"lifecycle.yaml": "mine"}


def test_sources_come_in_the_order_of_their_names(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"sources/b.yaml": "2", "sources/a.yml": "1", "sources/notes.txt": "no"})
    assert list(source_texts(workspace).values()) == ["1", "2"]


def test_a_workspace_without_sources_has_none(make_workspace: MakeWorkspace) -> None:
    assert source_texts(make_workspace()) == {}
