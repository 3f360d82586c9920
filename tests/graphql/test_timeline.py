"""What happened with a customer, of every kind in one list."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Ask = Callable[..., dict[str, Any]]
ONE = "00000000-0000-5000-8000-000000000001"
QUERY = """
query($id: ID!, $kinds: [TimelineKind!], $first: Int, $after: String) {
  customer(id: $id) {
    timeline(kinds: $kinds, first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        at kind
        node {
          ... on Shipment { number }
          ... on Complaint { number }
          ... on Visit { number }
          ... on Warning { code }
          ... on SegmentMembership { level { code } }
        }
      }
    }
  }
}
"""
ALL = [
    "Q8 03-20",
    "W007 02-10",
    "W006 02-01",
    "Q1 02-01",
    "vip 02-01",
    "V2 01-20",
    "V1 01-12",
    "Q6 01-05",
    "W003 01-02",
    "W002 01-02",
    "W001 01-01",
    "volume_collapse 01-01",
    "active 01-01",
    "ordinary 01-01",
]


def _told(page: dict[str, Any]) -> list[str]:
    return [f"{_name(event['node'])} {event['at'][5:10]}" for event in page["nodes"]]


def _name(node: dict[str, Any]) -> str:
    name: str = node.get("number") or node.get("code") or node["level"]["code"]
    return name


@pytest.mark.parametrize("size", [1, 2, 3, 14])
def test_pages_tell_everything_once_the_newest_first(ask: Ask, size: int) -> None:
    told: list[str] = []
    after = None
    while len(told) < len(ALL):
        page = ask(QUERY, id=ONE, first=size, after=after)["customer"]["timeline"]
        told += _told(page)
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (len(told) < len(ALL))
    assert (sorted(told), [each[-5:] for each in told]) == (sorted(ALL), [each[-5:] for each in ALL])
    assert page["totalCount"] == len(ALL)


@pytest.mark.parametrize(
    ("_case", "kinds", "expected"),
    [
        ("one kind", ["VISIT"], ["V2 01-20", "V1 01-12"]),
        ("two kinds", ["WARNING", "COMPLAINT"], ["Q8 03-20", "Q1 02-01", "Q6 01-05", "volume_collapse 01-01"]),
        ("a kind twice", ["LEVEL", "LEVEL"], ["vip 02-01", "active 01-01", "ordinary 01-01"]),
        ("none", [], []),
    ],
)
def test_a_timeline_tells_the_kinds_asked_for(ask: Ask, _case: str, kinds: list[str], expected: list[str]) -> None:
    page = ask(QUERY, id=ONE, kinds=kinds)["customer"]["timeline"]
    assert (_told(page), page["totalCount"]) == (expected, len(expected))


def test_a_cursor_of_other_kinds_is_refused(client: httpx.Client, ask: Ask) -> None:
    cursor = ask(QUERY, id=ONE, first=1)["customer"]["timeline"]["pageInfo"]["endCursor"]
    variables = {"id": ONE, "kinds": ["VISIT"], "after": cursor}
    answer = client.post("/graphql", json={"query": QUERY, "variables": variables}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_a_customer_of_whom_nothing_is_known_has_an_empty_timeline(ask: Ask) -> None:
    page = ask(QUERY, id="00000000-0000-5000-8000-000000000004", kinds=["SHIPMENT", "LEVEL"])["customer"]["timeline"]
    assert page == {"totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
