"""The size guard: what changed too much, to the customer."""

from typing import Any

import pytest

from kehu.publish.guard import Guard, SizeChange, size_changes


def tier(**levels: int) -> dict[str, Any]:
    """Counts of one tier."""
    return {"levels": {"size": levels}, "warnings": {}}


@pytest.mark.parametrize(
    ("_case", "before", "after", "expected"),
    [
        ("just the share smaller", tier(large=100), tier(large=70), []),
        ("one more than the share smaller", tier(large=100), tier(large=69), [("size", "large", 100, 69)]),
        ("just the share larger", tier(large=100), tier(large=130), []),
        ("one more than the share larger", tier(large=100), tier(large=131), [("size", "large", 100, 131)]),
        ("too few before and after", tier(large=49), tier(large=0), []),
        ("enough before", tier(large=50), tier(large=0), [("size", "large", 50, 0)]),
        ("enough after", tier(large=0), tier(large=50), [("size", "large", 0, 50)]),
        ("a new level", tier(large=100), tier(large=100, small=100), []),
        ("a level removed", tier(large=100, small=60), tier(large=100), [("size", "small", 60, 0)]),
        ("a rule set removed", tier(large=100), {"levels": {}, "warnings": {}}, [("size", "large", 100, 0)]),
        ("the first run", {}, tier(large=100), []),
        ("a warning", {"warnings": {"quiet": 50}}, {"warnings": {"quiet": 66}}, [("", "quiet", 50, 66)]),
        ("a warning removed", {"warnings": {"quiet": 50}}, {"warnings": {"late": 50}}, [("", "quiet", 50, 0)]),
        (
            "one whose code another takes, too",
            {"warnings": {"quiet": 50}},
            {"warnings": {"a:quiet": 50, "b:quiet": 9}},
            [],
        ),
        (
            "one that has its code alone again",
            {"warnings": {"a:quiet": 50, "b:quiet": 90}},
            {"warnings": {"quiet": 50}},
            [],
        ),
    ],
)
def test_a_level_is_held_when_it_changed_by_more_than_the_share(
    _case: str, before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str, int, int]]
) -> None:
    assert list(size_changes(Guard(0.3, 50), before, after)) == [SizeChange(*change) for change in expected]


@pytest.mark.parametrize(
    ("_case", "before", "after", "customers", "expected"),
    [
        ("just the share of all", 0, 300, 1000, []),
        ("one more", 0, 301, 1000, [("size", "large", 0, 301)]),
        ("too few", 0, 49, 100, []),
        ("a single member is no longer empty", 1, 300, 1000, [("size", "large", 1, 300)]),
        ("still empty", 0, 0, 0, []),
    ],
)
def test_what_was_empty_is_held_when_it_takes_more_than_the_share_of_all(
    _case: str, before: int, after: int, customers: int, expected: list[tuple[str, str, int, int]]
) -> None:
    found = size_changes(Guard(0.3, 50), tier(large=before), tier(large=after), customers)
    assert list(found) == [SizeChange(*change) for change in expected]


def test_a_guard_that_is_off_holds_nothing() -> None:
    assert size_changes(Guard(None, 0), tier(large=100), tier(large=0)) == ()


def test_a_change_is_told_in_a_sentence() -> None:
    assert str(SizeChange("size", "large", 1200, 30)) == "size:large would shrink from 1,200 to 30 customers"
    assert str(SizeChange("", "quiet", 50, 66)) == "quiet would grow from 50 to 66 customers"
