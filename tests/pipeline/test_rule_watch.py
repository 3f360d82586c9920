"""The rule directory watched: edits are read, a broken file keeps the last good rules."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.rule_watch import RuleWatch
from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER, LATEST = NOON + timedelta(seconds=2), NOON + timedelta(seconds=4)
FEATURES = """
paid: {sum: shipments.revenue, over: 30 days, unit: currency, label: {en: Paid, zh: 付款}, meaning: charges}
"""
SIZE = """
ruleset: size
kind: flag
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 100}
examples:
  - {given: {paid: 100}, expect: large}
  - {given: {paid: 1}, expect: []}
"""
BROKEN = SIZE.replace("paid >=", "payd >=")
SAID = "unknown feature 'payd'"


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    """A workspace of one feature and one rule set of its own."""
    return make_workspace({"rules/features/f.yaml": FEATURES, "rules/size.yaml": SIZE}, 'rules = "own"\n')


def size_file(workspace: Workspace) -> Path:
    """The one rule file."""
    return workspace.rules_folder / "size.yaml"


def conditions(watch: RuleWatch) -> list[str | None]:
    """The conditions of the last good rules."""
    book = watch.directory.book
    return [] if book is None else [level.when for level in book.rulesets[0].levels]


def test_the_files_are_read_at_the_beginning(workspace: Workspace) -> None:
    directory = RuleWatch(workspace, NOON).directory
    catalogue, book, _ = read_rule_directory(workspace)
    assert (directory.checked_at, directory.read_at, directory.problems, directory.is_broken) == (NOON, NOON, (), False)
    assert directory.book is not None
    assert (directory.book.digest, directory.feature_digest) == (book.digest, catalogue.digest)


def test_files_that_stay_as_they_are_are_not_read_again(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    before = watch.directory.book
    size_file(workspace).touch()
    watch.look(LATER)
    assert (watch.directory.checked_at, watch.directory.read_at) == (LATER, NOON)
    assert watch.directory.book is before


def test_an_edit_changes_the_rules(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    size_file(workspace).write_text(SIZE.replace("100", "200"), encoding="utf-8")
    assert conditions(watch) == ["paid >= 100"]
    watch.look(LATER)
    assert (conditions(watch), watch.directory.read_at) == (["paid >= 200"], LATER)


def test_an_edit_of_a_feature_is_noticed(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    before = watch.directory.feature_digest
    (workspace.rules_folder / "features" / "f.yaml").write_text(FEATURES.replace("30 days", "60 days"), "utf-8")
    watch.look(LATER)
    assert watch.directory.read_at == LATER
    assert watch.directory.feature_digest != before


def test_a_broken_file_keeps_the_last_good_rules_until_it_is_mended(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    good = watch.directory
    size_file(workspace).write_text(BROKEN, encoding="utf-8")
    watch.look(LATER)
    broken = watch.directory
    assert broken.is_broken
    assert [problem.message for problem in broken.problems] == [SAID]
    assert (broken.checked_at, broken.read_at, broken.book) == (LATER, NOON, good.book)
    size_file(workspace).write_text(SIZE, encoding="utf-8")
    watch.look(LATEST)
    assert (watch.directory.is_broken, watch.directory.problems, watch.directory.read_at) == (False, (), LATEST)


def test_a_file_that_cannot_be_read_keeps_the_last_good_rules(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    good = watch.directory
    size_file(workspace).write_bytes(b"ruleset: \xff")
    watch.look(LATER)
    assert [problem.check for problem in watch.directory.problems] == ["not-utf-8"]
    assert (watch.directory.is_broken, watch.directory.book) == (True, good.book)
    size_file(workspace).write_text(SIZE, encoding="utf-8")
    watch.look(LATEST)
    assert watch.directory.problems == ()


def test_a_directory_that_is_gone_keeps_the_last_good_rules(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    workspace.rules_folder.rename(workspace.root / "elsewhere")
    watch.look(LATER)
    assert [problem.check for problem in watch.directory.problems] == ["no-rules"]
    assert conditions(watch) == ["paid >= 100"]


def test_broken_from_the_beginning_there_are_no_rules(workspace: Workspace) -> None:
    size_file(workspace).write_text(BROKEN, encoding="utf-8")
    watch = RuleWatch(workspace, NOON)
    assert (watch.directory.is_broken, watch.directory.book, watch.directory.read_at) == (True, None, None)
    size_file(workspace).write_text(SIZE, encoding="utf-8")
    watch.look(LATER)
    assert conditions(watch) == ["paid >= 100"]


def test_a_warning_keeps_no_rule_from_being_read(workspace: Workspace) -> None:
    size_file(workspace).write_text(SIZE.replace("paid >=", "paid != null and paid >="), encoding="utf-8")
    directory = RuleWatch(workspace, NOON).directory
    assert [(problem.check, problem.severity) for problem in directory.problems] == [("never-null", "warning")]
    assert (directory.is_broken, directory.read_at) == (False, NOON)


def test_a_file_that_comes_or_goes_is_noticed(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    more = workspace.rules_folder / "more.yaml"
    more.write_text(SIZE.replace("ruleset: size", "ruleset: more"), encoding="utf-8")
    watch.look(LATER)
    assert watch.directory.book is not None
    assert [item.code for item in watch.directory.book.rulesets] == ["more", "size"]
    more.unlink()
    watch.look(LATEST)
    assert watch.directory.book is not None
    assert [item.code for item in watch.directory.book.rulesets] == ["size"]


def test_the_cases_beside_the_rules_are_not_looked_at(workspace: Workspace) -> None:
    watch = RuleWatch(workspace, NOON)
    (workspace.rules_folder / "tests").mkdir()
    (workspace.rules_folder / "tests" / "size_test.yaml").write_text("cases: [", encoding="utf-8")
    watch.look(LATER)
    assert (watch.directory.read_at, watch.directory.problems) == (NOON, ())
