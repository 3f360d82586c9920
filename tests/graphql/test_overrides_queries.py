"""What people decided against the rules, asked over HTTP; the clock stands at 10 February 2026."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

Ask = Callable[..., dict[str, Any]]
UIDS = {number: f"00000000-0000-5000-8000-{number:012}" for number in (1, 2, 3, 4)}
WHOLE = """
query($id: ID!) { customer(id: $id) { overrides {
  number ruleSetCode code effect reason author createdAt startsAt expiresAt endedAt endedBy endedReason customer { uid }
} } }
"""
MANY = """
query($first: Int!) { customers(first: $first) { nodes {
  overrides { number } all: overrides(active: false) { number customer { name } }
  segments { override { number author } belowSince dropsAt }
} } }
"""


def test_an_override_says_who_decided_what_and_until_when(ask: Ask) -> None:
    assert ask(WHOLE, id=UIDS[1])["customer"]["overrides"] == [
        {
            "number": 1,
            "ruleSetCode": "service_tier",
            "code": "vip",
            "effect": "include",
            "reason": "framework contract",
            "author": "Li Na",
            "createdAt": "2026-01-31T00:00:00+00:00",
            "startsAt": None,
            "expiresAt": "2026-07-01T00:00:00+00:00",
            "endedAt": None,
            "endedBy": None,
            "endedReason": None,
            "customer": {"uid": UIDS[1]},
        }
    ]


@pytest.mark.parametrize(
    ("_case", "customer", "active", "numbers"),
    [
        ("what expires now is over", 1, True, [1]),
        ("what is over belongs to history", 1, False, [1, 2]),
        ("what was taken back is over", 2, True, []),
        ("what was taken back belongs to history", 2, False, [3]),
        ("what begins tomorrow does not count yet", 3, True, []),
        ("what begins tomorrow has been decided", 3, False, [4]),
        ("nothing was decided", 4, False, []),
    ],
)
def test_a_customer_s_overrides_are_those_that_count_unless_told_otherwise(
    ask: Ask,
    _case: str,
    customer: int,
    numbers: list[int],
    *,
    active: bool,
) -> None:
    query = "query($id: ID!, $active: Boolean!) { customer(id: $id) { overrides(active: $active) { number } } }"
    found = ask(query, id=UIDS[customer], active=active)["customer"]["overrides"]
    assert [each["number"] for each in found] == numbers


def test_what_was_taken_back_says_by_whom_and_why(ask: Ask) -> None:
    said = "overrides(active: false) { effect endedAt endedBy endedReason }"
    assert ask(f"query($id: ID!) {{ customer(id: $id) {{ {said} }} }}", id=UIDS[2])["customer"]["overrides"] == [
        {"effect": "exclude", "endedAt": "2026-02-03T00:00:00+00:00", "endedBy": "Li Na", "endedReason": "paid"}
    ]


def test_a_membership_says_who_put_the_customer_there_and_when_it_drops(ask: Ask) -> None:
    query = (
        "query($id: ID!) { customer(id: $id) { segments { level { code } belowSince dropsAt override { reason } } } }"
    )
    kept = {"belowSince": None, "dropsAt": None, "override": None}
    assert ask(query, id=UIDS[1])["customer"]["segments"] == [
        kept | {"level": {"code": "active"}},
        kept | {"level": {"code": "vip"}, "override": {"reason": "framework contract"}},
    ]
    dropping = {"belowSince": "2026-02-01T00:00:00+00:00", "dropsAt": "2026-03-03T00:00:00+00:00", "override": None}
    assert ask(query, id=UIDS[2])["customer"]["segments"] == [
        kept | {"level": {"code": "lost"}},
        dropping | {"level": {"code": "professional"}},
    ]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that read overrides meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM overrides" in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_overrides_of_any_number_of_customers_cost_two_statements(ask: Ask, carrier: Engine) -> None:
    with counted(carrier) as statements:
        nodes = ask(MANY, first=200)["customers"]["nodes"]
    assert sorted(each["number"] for node in nodes for each in node["all"]) == [1, 2, 3, 4]
    assert sorted(each["number"] for node in nodes for each in node["overrides"]) == [1]
    # One by customer, one by id for the memberships.
    assert len(statements) == 2
