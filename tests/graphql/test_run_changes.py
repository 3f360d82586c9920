"""Runs started, ended and rolled back over GraphQL."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kehu.pipeline.resegmenting import resegment
from kehu.store.lock import only_run

BUSY = datetime(2026, 2, 5, tzinfo=UTC)
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


def resegmented(office: Any, as_of: datetime, **settings: str) -> None:
    """A run that another process might as well have made."""
    workspace = replace(office.workspace, settings=replace(office.workspace.settings, **settings))
    resegment(workspace, office.engine, as_of, clock=office.clock, progress=lambda _what, _rows: None)


def test_a_started_run_is_told_at_once_published_later_and_rolled_back_then(office: Any) -> None:
    given = {"asOf": "2026-03-01T00:00:00Z", "idempotencyKey": "r1"}
    started = office.ask(START, input=given)
    assert started == {"userErrors": [], "isReplay": False, "run": {"number": 2}}
    run = ended(office, 2)
    # Its process may still be at work behind the publication.
    rolled_back = office.ask(ROLLBACK, input={})
    assert (run["state"], run["asOf"]) == ("published", "2026-03-01T00:00:00+00:00")
    assert (rolled_back["userErrors"], rolled_back["run"]["number"]) == ([], 3)
    assert office.ask(START, input=given) == {**started, "isReplay": True}
    assert len(office.ask(RUNS)["nodes"]) == 3


def test_a_run_that_ends_before_it_begins_is_refused_and_its_key_is_new_again(
    office: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KEHU_NONSENSE", "1")
    refused = office.ask(START, input={"idempotencyKey": "r1"})
    assert ([each["code"] for each in refused["userErrors"]], refused["run"]) == (["NOT_BEGUN"], None)
    assert "unknown variable 'KEHU_NONSENSE'" in caplog.text
    assert office.ask(START, input={"idempotencyKey": "r1", "dryRun": True})["userErrors"] == []


def test_an_instant_out_of_the_calendar_starts_nothing(office: Any) -> None:
    before = office.content()
    (error,) = office.ask(START, input={"asOf": "1899-12-31T00:00:00Z"})["userErrors"]
    said = "'1899-12-31T00:00:00+00:00' is outside the years 1900 to 9998"
    assert error == {"code": "INSTANT", "path": ["input", "asOf"], "message": said}
    assert office.content() == before


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
    resegmented(office_anywhere, BUSY)
    before = office_anywhere.content()
    tried = office_anywhere.ask(ROLLBACK, input={"dryRun": True, "expectedPublished": "2"})
    assert (tried["userErrors"], tried["run"]) == ([], None)
    (stale,) = office_anywhere.ask(ROLLBACK, input={"expectedPublished": "1"})["userErrors"]
    assert (stale["code"], stale["path"]) == ("STALE_VERSION", ["input", "expectedPublished"])
    assert office_anywhere.content() == before
    done = office_anywhere.ask(ROLLBACK, input={"id": "1"})
    assert done["run"] == {"number": 3, "author": "Li Na", "restores": {"number": 1}}
    assert {name: done[name] for name in ("entered", "left", "fired", "cleared")} == {
        name: tried[name] for name in ("entered", "left", "fired", "cleared")
    }


def test_a_held_run_is_discarded_and_not_published_under_other_rules(office: Any) -> None:
    resegmented(office, BUSY, guard_max_change="0.05", guard_min_members="1")
    file = office.workspace.rules_folder / "size.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Busy", "Occupied"), encoding="utf-8")
    before = office.content()
    (error,) = office.ask(change("runConfirm"), input={"id": "2"})["userErrors"]
    assert (error["code"], error["path"]) == ("RULES_CHANGED", ["input", "id"])
    assert office.content() == before
    discarded = office.ask(change("runDiscard"), input={"id": "2"})
    assert (discarded["userErrors"], discarded["run"]["state"]) == ([], "discarded")
    assert [each["author"] for each in office.ask(RUNS)["nodes"]] == ["Li Na", None]


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
