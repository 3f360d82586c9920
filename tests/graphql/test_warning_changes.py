"""Warnings looked after over GraphQL."""

from datetime import UTC, datetime
from typing import Any

import pytest

OPEN = "{ warnings { nodes { id state version isOpen customer { name } } } }"
ACKNOWLEDGE = """
mutation($input: WarningsAcknowledgeInput!) { warningsAcknowledge(input: $input) {
  userErrors { code path message }
  rows { warning { state handledBy handledAt } userErrors { code } }
} }
"""
CLOSE = """
mutation($input: WarningCloseInput!) { warningClose(input: $input) {
  userErrors { code path } warning { state outcome handledBy isOpen }
} }
"""


def seen(office: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = office.ask(OPEN)["nodes"]
    return nodes


def test_acknowledging_says_who_takes_care_since_when(office_anywhere: Any) -> None:
    ids = [each["id"] for each in seen(office_anywhere)]
    made = office_anywhere.ask(ACKNOWLEDGE, input={"ids": ids})
    taken = {"state": "acknowledged", "handledBy": "Li Na", "handledAt": "2026-02-10T00:00:00+00:00"}
    assert made == {"userErrors": [], "rows": [{"warning": taken, "userErrors": []}] * len(ids)}
    assert [each["isOpen"] for each in seen(office_anywhere)] == [True] * 9


def test_nobody_starts_on_what_another_takes_care_of(office: Any) -> None:
    first, second = [each["id"] for each in seen(office)][:2]
    office.ask(ACKNOWLEDGE, author="Zhang Wei", input={"ids": [first]})
    before = office.content()
    refused = office.ask(ACKNOWLEDGE, input={"ids": [second, first]})
    assert refused == {
        "userErrors": [
            {
                "code": "HANDLED_WARNING",
                "path": ["input", "ids", "1"],
                "message": "Zhang Wei has acknowledged warning 9 on 2026-02-10 00:00:00 UTC",
            }
        ],
        "rows": [],
    }
    assert office.content() == before


@pytest.mark.parametrize(
    ("_case", "node", "code"),
    [
        ("a number nobody has", "99", "UNKNOWN_WARNING"),
        ("an id of something else", "UnVuOjE=", "BAD_ID"),
        ("no id", "first", "BAD_ID"),
        ("a number beyond all", "9" * 30, "BAD_ID"),
    ],
)
def test_ids_of_no_warning_are_refused(office: Any, _case: str, node: str, code: str) -> None:
    before = office.content()
    refused = office.ask(ACKNOWLEDGE, input={"ids": [node]})
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [(code, ["input", "ids", "0"])]
    assert office.content() == before


def test_closing_says_what_came_of_it(office_anywhere: Any) -> None:
    first = seen(office_anywhere)[0]
    asked = {"id": first["id"], "outcome": " new price, stays ", "expectedVersion": first["version"]}
    made = office_anywhere.ask(CLOSE, input=asked)
    closed = {"state": "closed", "outcome": "new price, stays", "handledBy": "Li Na", "isOpen": True}
    assert made == {"userErrors": [], "warning": closed}
    written = office_anywhere.ask("{ warnings { nodes { handledAt } } }")["nodes"][0]["handledAt"]
    assert datetime.fromisoformat(written) == datetime(2026, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("_case", "changed", "error"),
    [
        ("says nothing", {"outcome": " "}, ("NO_REASON", ["input", "outcome"])),
        ("holds what is no text", {"outcome": "a\0b"}, ("NO_TEXT", ["input", "outcome"])),
        ("was decided on an older state", {"expectedVersion": "0"}, ("STALE_VERSION", ["input", "expectedVersion"])),
        ("is of nothing", {"id": "99"}, ("UNKNOWN_WARNING", ["input", "id"])),
    ],
)
def test_a_closing_is_refused_that(
    office: Any, _case: str, changed: dict[str, str], error: tuple[str, list[str]]
) -> None:
    before = office.content()
    asked = {"id": seen(office)[0]["id"], "outcome": "stays", **changed}
    refused = office.ask(CLOSE, input=asked)
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [error]
    assert (refused["warning"], office.content()) == (None, before)
