"""Spans of time as rule files write them."""

from datetime import timedelta

import pytest

from kehu.model.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 minute", timedelta(minutes=1)),
        ("90 minutes", timedelta(minutes=90)),
        ("2 hours", timedelta(hours=2)),
        ("1 days", timedelta(days=1)),
        ("30 days", timedelta(days=30)),
        ("52 weeks", timedelta(weeks=52)),
        ("999999 days", timedelta(days=999_999)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "30", "days", "0 days", "-1 days", "1.5 hours", "30  days", "30days", " 1 day", "1 month", "３ days", 30],
)
def test_anything_else_is_refused_with_its_remedy(text: object) -> None:
    with pytest.raises(
        ValueError, match=r"is no duration; write a whole number and minutes, hours, days or weeks"
    ) as caught:
        parse_duration(text)
    assert str(caught.value).startswith(f"'{text}'")
