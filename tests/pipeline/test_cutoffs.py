"""Days from one to another, by days, weeks and months."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kehu.model.problems import RefusedError
from kehu.pipeline.cutoffs import Step, days_between, end_of_day, local_day, read_day, read_length, read_step


@pytest.mark.parametrize(
    ("_case", "first", "last", "step", "expected"),
    [
        ("months' last days", (2011, 4, 30), (2011, 6, 30), "1m", [(2011, 4, 30), (2011, 5, 31), (2011, 6, 30)]),
        ("the last day counts", (2011, 4, 30), (2011, 6, 2), "1m", [(2011, 4, 30), (2011, 5, 31), (2011, 6, 2)]),
        ("into a short month", (2024, 1, 30), (2024, 3, 30), "1m", [(2024, 1, 30), (2024, 2, 29), (2024, 3, 30)]),
        ("over a year's end", (2025, 11, 15), (2026, 3, 15), "2m", [(2025, 11, 15), (2026, 1, 15), (2026, 3, 15)]),
        ("weeks", (2026, 1, 1), (2026, 1, 20), "1w", [(2026, 1, 1), (2026, 1, 8), (2026, 1, 15), (2026, 1, 20)]),
        ("days", (2026, 1, 1), (2026, 1, 5), "2d", [(2026, 1, 1), (2026, 1, 3), (2026, 1, 5)]),
        ("one day", (2026, 1, 1), (2026, 1, 1), "1m", [(2026, 1, 1)]),
    ],
)
def test_days_go_by_steps_to_the_last(
    _case: str,
    first: tuple[int, int, int],
    last: tuple[int, int, int],
    step: str,
    expected: list[tuple[int, int, int]],
) -> None:
    assert days_between(date(*first), date(*last), read_step(step)) == [date(*day) for day in expected]


def test_steps_go_back_too() -> None:
    assert Step(1, "m").after(date(2011, 5, 31), -3) == date(2011, 2, 28)
    assert Step(2, "w").after(date(2011, 5, 31), -2) == date(2011, 5, 3)


def test_a_day_ends_in_its_zone() -> None:
    assert end_of_day(date(2011, 4, 30), "Europe/London") == datetime(2011, 4, 30, 22, 59, 59, 999999, UTC)
    assert local_day(datetime(2011, 4, 30, 23, 0, tzinfo=UTC), "Europe/London") == date(2011, 5, 1)


def test_lengths_are_days_or_weeks() -> None:
    assert (read_length("90d", "--horizon"), read_length("2w", "--horizon")) == (timedelta(90), timedelta(14))


@pytest.mark.parametrize("text", ["", "m", "0d", "1y", "-1m", "1.5m", "99999d"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match=r"is no step \(write 1m, 2w or 10d\)"):
        read_step(text)
    with pytest.raises(RefusedError, match=r"--horizon:1:1: .* is no length of time \(write 90d or 13w\)"):
        read_length(text, "--horizon")


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"--from:1:1: error\[day\]: '2026-02-30' is not a day"):
        read_day("2026-02-30", "--from")


def test_days_in_reverse_are_refused() -> None:
    with pytest.raises(RefusedError, match="2026-02-02 comes after 2026-02-01"):
        days_between(date(2026, 2, 2), date(2026, 2, 1), Step(1, "d"))
