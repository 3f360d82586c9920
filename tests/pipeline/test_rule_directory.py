"""The rule directory is checked once for as long as its files say the same."""

from collections.abc import Callable

import pytest

from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
FEATURE = "paid: {sum: shipments.revenue, over: 30 days, unit: currency, label: {en: Paid, zh: 付款}, meaning: charges}"
RULE = """
ruleset: size
kind: flag
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 100}
examples:
  - {given: {paid: 100}, expect: large}
  - {given: {paid: 1}, expect: []}
"""


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"rules/features/f.yaml": FEATURE, "rules/size.yaml": RULE}, 'rules = "own"\n')


def test_what_did_not_change_is_checked_once(workspace: Workspace) -> None:
    catalogue, book, _ = read_rule_directory(workspace)
    again = read_rule_directory(workspace)
    assert again[0] is catalogue
    assert again[1] is book


def test_an_edit_is_seen_at_once_and_its_undoing_too(workspace: Workspace) -> None:
    file = workspace.rules_folder / "size.yaml"
    said = []
    for text in (RULE, RULE.replace("paid >=", "payd >="), RULE.replace("100}", "200}"), RULE):
        file.write_text(text, encoding="utf-8")
        _, book, problems = read_rule_directory(workspace)
        found = [problem.check for problem in problems]
        said.append(found or [str(level.when) for level in book.rulesets[0].levels])
    assert said[0] == said[3] == ["paid >= 100"]
    assert "unknown-feature" in said[1]


def test_what_a_caller_does_to_the_problems_is_its_own(workspace: Workspace) -> None:
    (workspace.rules_folder / "size.yaml").write_text(RULE.replace("paid >=", "payd >="), encoding="utf-8")
    problems = read_rule_directory(workspace)[2]
    expected = list(problems)
    problems.clear()
    assert read_rule_directory(workspace)[2] == expected
