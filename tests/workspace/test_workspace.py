"""The rule directory of a workspace over the shipped one."""

from collections.abc import Callable

import pytest

from kehu.model.problems import RefusedError
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


def test_every_file_that_cannot_be_read_is_told(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"rules/good.yaml": "mine"}, 'rules = "own"\n')
    (workspace.rules_folder / "gbk.yaml").write_bytes("label: 客户".encode("gb18030"))
    (workspace.rules_folder / "gone.yaml").symlink_to("nowhere")
    with pytest.raises(RefusedError) as caught:
        rule_texts(workspace)
    told = str(caught.value).replace(f"{workspace.rules_folder}/", "")
    assert told.splitlines() == [
        r"gbk.yaml:1:8: error[not-utf-8]: the file is not UTF-8: byte '\xbf' (save it as UTF-8 in the editor)",
        "gone.yaml:1:1: error[unreadable-file]: the file cannot be read: No such file or directory (mend or remove it)",
    ]


def test_a_link_to_a_folder_above_is_not_followed(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"rules/mine.yaml": "mine"}, 'rules = "own"\n')
    (workspace.rules_folder / "loop").symlink_to(".")
    assert rule_texts(workspace) == {"mine.yaml": "mine"}


def test_a_folder_among_the_sources_is_refused(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"sources/a.yaml/x": ""})
    with pytest.raises(RefusedError, match="the file cannot be read: Is a directory"):
        source_texts(workspace)


def test_own_rules_that_are_not_there_are_refused(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({"rules/README.md": "no rule"}, 'rules = "own"\n')
    with pytest.raises(RefusedError, match=r"there is no rule file here .add one, or set rules = "):
        rule_texts(workspace)
