"""Levels in which the published run put nobody, told of the files as they stand."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from kehu.pipeline.empty_levels import empty_levels
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import Workspace, rule_texts, shipped_texts, shown_path

Make = Callable[..., Workspace]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZE = """ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: huge
    label: {en: Huge, zh: 巨}
    when: shipments_30d >= 20
  - level: some
    label: {en: Some, zh: 有}
    otherwise: true
examples:
  - {given: {shipments_30d: 20}, expect: huge}
  - {given: {shipments_30d: 1}, expect: some}
"""


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def told(workspace: Workspace) -> list[str]:
    """The warnings with their places inside the workspace."""
    _, book, problems = read_rule_directory(workspace)
    assert problems == []
    texts = {shown_path(workspace, path): text for path, text in rule_texts(workspace).items()}
    found = empty_levels(workspace, book, texts)
    assert {problem.severity for problem in found} <= {"warning"}
    return [str(problem).replace(f"{workspace.root}/", "").partition(" (")[0] for problem in found]


def run(workspace: Workspace, engine: Engine) -> None:
    """Publish the workspace's rules."""
    resegment(workspace, engine, None, clock=lambda: NOW, progress=quiet)


@pytest.fixture
def workspace(small_workspace: Make) -> Workspace:
    """The small workspace with a level that is out of reach."""
    return small_workspace({"rules/size.yaml": SIZE})


def test_a_level_without_a_member_is_told(workspace: Workspace, database: Engine) -> None:
    load(workspace, database, [], clock=lambda: NOW, progress=quiet)
    run(workspace, database)
    expected = "rules/size.yaml:5:12: warning[empty-level]: nobody is in 'huge': 0 of 3 customers in run 1"
    assert told(workspace) == [expected]


def test_all_such_levels_of_a_rule_set_are_told_at_once(small_workspace: Make, database: Engine) -> None:
    giant = "  - level: giant\n    label: {en: Giant, zh: 巨}\n    when: shipments_30d >= 90\n"
    example = "  - {given: {shipments_30d: 90}, expect: giant}\n"
    text = SIZE.replace("levels:\n", f"levels:\n{giant}") + example
    made = small_workspace({"rules/size.yaml": text})
    load(made, database, [], clock=lambda: NOW, progress=quiet)
    run(made, database)
    expected = "rules/size.yaml:5:12: warning[empty-level]: nobody is in 'giant', 'huge': 0 of 3 customers in run 1"
    assert told(made) == [expected]


def test_a_file_as_it_was_shipped_is_left_out(small_workspace: Make, database: Engine) -> None:
    shipped = {f"rules/{path}": text for path, text in shipped_texts().items() if not path.startswith("tests/")}
    made = small_workspace({"rules/size.yaml": None, "rules/signs.yaml": None, **shipped})
    load(made, database, [], clock=lambda: NOW, progress=quiet)
    run(made, database)
    assert told(made) == []


def test_a_file_changed_since_is_not_spoken_of(workspace: Workspace, database: Engine) -> None:
    load(workspace, database, [], clock=lambda: NOW, progress=quiet)
    run(workspace, database)
    (workspace.rules_folder / "size.yaml").write_text(SIZE.replace(">= 20", ">= 2").replace(": 20}", ": 2}"), "utf-8")
    assert told(workspace) == []


def test_a_run_over_no_customer_says_nothing(workspace: Workspace, database: Engine) -> None:
    run(workspace, database)
    assert told(workspace) == []


def test_before_the_first_run_there_is_nothing_to_say(workspace: Workspace, database: Engine) -> None:
    assert told(workspace) == []


def test_a_database_that_is_none_is_left_alone(make_workspace: Make) -> None:
    made = make_workspace({"rules/size.yaml": SIZE.replace("shipments_30d", "shipments_90d")})
    assert told(made) == []
    assert not (made.root / "kehu.sqlite3").exists()
    (made.root / "kehu.sqlite3").write_bytes(b"no database at all, but a text of some length")
    assert told(made) == []


def test_a_server_that_does_not_answer_is_left_alone(make_workspace: Make) -> None:
    files = {"rules/size.yaml": SIZE.replace("shipments_30d", "shipments_90d")}
    assert told(make_workspace(files, url="postgresql://127.0.0.1:1/kehu")) == []
