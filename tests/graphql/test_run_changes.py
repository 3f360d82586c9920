"""Runs started, ended and rolled back over GraphQL."""

import time
from typing import Any

import pytest

from kehu.store.lock import only_run

ERRORS = "userErrors { code path message }"
START = f"mutation($input: RunStartInput!) {{ runStart(input: $input) {{ {ERRORS} isReplay run {{ number }} }} }}"
RUNS = "{ runs { nodes { number state author error asOf } } }"
ROLLBACK = f"""
mutation($input: RunRollbackInput!) {{ runRollback(input: $input) {{
  {ERRORS} entered left fired cleared run {{ number author restores {{ number }} }}
}} }}
"""


def change(name: str) -> str:
    return f"mutation($input: RunInput!) {{ {name}(input: $input) {{ {ERRORS} run {{ number state error }} }} }}"


def ended(office: Any, number: int) -> dict[str, Any]:
    """The run once it has ended."""
    for _ in range(600):
        (run,) = [each for each in office.ask(RUNS)["nodes"] if each["number"] == number]
        if run["state"] != "running":
            return dict(run)
        time.sleep(0.1)
    raise AssertionError(f"run {number} never ended")


def test_a_started_run_is_told_at_once_and_published_later(office_anywhere: Any) -> None:
    given = {"asOf": "2026-03-01T00:00:00Z", "idempotencyKey": "r1"}
    started = office_anywhere.ask(START, input=given)
    assert started == {"userErrors": [], "isReplay": False, "run": {"number": 2}}
    run = ended(office_anywhere, 2)
    assert (run["state"], run["asOf"]) == ("published", "2026-03-01T00:00:00+00:00")
    assert office_anywhere.ask(START, input=given) == {**started, "isReplay": True}
    assert len(office_anywhere.ask(RUNS)["nodes"]) == 2


def test_a_dry_run_starts_nothing(office: Any) -> None:
    before = office.content()
    assert office.ask(START, input={"dryRun": True}) == {"userErrors": [], "isReplay": False, "run": None}
    assert office.content() == before


def test_no_run_starts_while_another_goes_on_elsewhere(office: Any) -> None:
    with only_run(office.engine):
        refused = office.ask(START, input={})
    assert ([each["code"] for each in refused["userErrors"]], refused["run"]) == (["RUN_IN_PROGRESS"], None)


def test_broken_rules_start_nothing(office: Any) -> None:
    (office.workspace.rules_folder / "size.yaml").write_text("ruleset: size\n", encoding="utf-8")
    before = office.content()
    assert office.ask(START, input={})["userErrors"] != []
    assert office.content() == before


def test_a_run_goes_back_and_its_dry_run_does_not(office_anywhere: Any) -> None:
    started = office_anywhere.ask(START, input={"asOf": "2026-02-05T00:00:00Z"})["run"]["number"]
    assert ended(office_anywhere, started)["state"] == "published"
    before = office_anywhere.content()
    tried = office_anywhere.ask(ROLLBACK, input={"dryRun": True})
    assert (tried["userErrors"], tried["run"]) == ([], None)
    assert office_anywhere.content() == before
    done = office_anywhere.ask(ROLLBACK, input={"id": "1"})
    assert done["run"] == {"number": 3, "author": "Li Na", "restores": {"number": 1}}
    assert {name: done[name] for name in ("entered", "left", "fired", "cleared")} == {
        name: tried[name] for name in ("entered", "left", "fired", "cleared")
    }


@pytest.mark.parametrize(
    ("_case", "mutation", "given", "code"),
    [
        ("an unknown run", change("runCancel"), {"id": "9"}, "UNKNOWN_RUN"),
        ("one that has ended", change("runCancel"), {"id": "1"}, "NOT_RUNNING"),
        ("one that is not held", change("runConfirm"), {"id": "1"}, "NOT_HELD"),
        ("one that is not held either", change("runDiscard"), {"id": "1"}, "NOT_HELD"),
        ("no id", change("runDiscard"), {"id": "x"}, "BAD_ID"),
        ("the published one", ROLLBACK, {"id": "1"}, "IS_PUBLISHED"),
        ("none to go back to", ROLLBACK, {"id": "7"}, "UNKNOWN_RUN"),
    ],
)
def test_a_change_of_a_run_is_refused_for(
    office: Any, _case: str, mutation: str, given: dict[str, str], code: str
) -> None:
    before = office.content()
    refused = office.ask(mutation, input=given)
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [(code, ["input", "id"])]
    assert (refused["run"], office.content()) == (None, before)
