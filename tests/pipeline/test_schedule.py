"""When a scheduled run is due, across summer time, long runs and sleeping machines."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kehu.model.problems import RefusedError
from kehu.pipeline.schedule import Schedule, read_schedule

DAY = timedelta(days=1)
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("_case", "at", "zone", "now", "expected"),
    [
        ("without a time of day at once", None, SHANGHAI, "2026-03-01T18:00", "2026-03-01T18:00+00:00"),
        ("later today", time(2), SHANGHAI, "2026-03-01T17:59", "2026-03-01T18:00+00:00"),
        ("now", time(2), SHANGHAI, "2026-03-01T18:00", "2026-03-01T18:00+00:00"),
        ("tomorrow", time(2), SHANGHAI, "2026-03-01T18:01", "2026-03-02T18:00+00:00"),
    ],
)
def test_the_first_run_is_due(_case: str, at: time | None, zone: ZoneInfo, now: str, expected: str) -> None:
    found = Schedule(DAY, at, zone).first(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("_case", "day", "expected"),
    [
        # Clocks go forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October.
        ("the day before", "2026-03-27", ["2026-03-28T01:30+00:00", "2026-03-29T01:30+00:00"]),
        ("a time left out is an hour later", "2026-03-28", ["2026-03-29T01:30+00:00", "2026-03-30T00:30+00:00"]),
        ("a time that comes twice is the first", "2026-10-24", ["2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"]),
    ],
)
def test_a_time_of_day_comes_once_each_day(_case: str, day: str, expected: list[str]) -> None:
    schedule = Schedule(DAY, time(2, 30), BERLIN)
    due = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    found: list[str] = []
    for _ in expected:
        due = schedule.first(due) if not found else schedule.next(due, due)
        found.append(due.isoformat(timespec="minutes"))
    assert found == expected


def test_every_day_of_a_year_has_one_run() -> None:
    schedule = Schedule(DAY, time(2, 30), BERLIN)
    due = schedule.first(datetime(2026, 1, 1, tzinfo=UTC))
    days = []
    for _ in range(365):
        days.append(due.astimezone(BERLIN).date())
        due = schedule.next(due, due)
    assert days == [days[0] + number * DAY for number in range(365)]


@pytest.mark.parametrize(
    ("_case", "every", "at", "took", "expected"),
    [
        ("in time", DAY, time(2), timedelta(hours=1), DAY),
        ("just a day", DAY, time(2), DAY, 2 * DAY),
        ("two days late", DAY, time(2), timedelta(hours=50), 3 * DAY),
        ("every third day", 3 * DAY, time(2), timedelta(hours=1), 3 * DAY),
        ("every third day, late", 3 * DAY, time(2), timedelta(hours=80), 6 * DAY),
        ("hours", timedelta(hours=6), None, timedelta(hours=1), timedelta(hours=6)),
        ("hours, exactly late", timedelta(hours=6), None, timedelta(hours=6), timedelta(hours=12)),
        ("hours, late", timedelta(hours=6), None, timedelta(hours=20), timedelta(hours=24)),
    ],
)
def test_times_that_passed_are_left_out(
    _case: str, every: timedelta, at: time | None, took: timedelta, expected: timedelta
) -> None:
    due = datetime(2026, 3, 1, 18, tzinfo=UTC)
    assert Schedule(every, at, SHANGHAI).next(due, due + took) == due + expected


@pytest.mark.parametrize(
    ("_case", "every", "at", "expected"),
    [
        ("a number alone", "1", None, ["--every: '1' is no span of time"]),
        ("nothing each time", "0d", None, ["--every: '0d' is no span of time"]),
        ("a time without a span", None, "02:00", ["--at: a time of day needs --every"]),
        ("a time that is none", "1d", "25:00", ["--at: '25:00' is no time of day"]),
        ("both wrong", "daily", "2 am", ["--at: '2 am' is no time of day", "--every: 'daily' is no span of time"]),
        ("hours at a time", "6h", "02:00", ["--at: '02:00' is a time of day, and '6h' is no number of days"]),
    ],
)
def test_a_wrong_schedule_is_refused(_case: str, every: str | None, at: str | None, expected: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        read_schedule(every, at, "UTC")
    assert [f"{problem.place.path}: {problem.message}" for problem in caught.value.problems] == expected
    assert {problem.check for problem in caught.value.problems} == {"schedule"}


def test_a_schedule_is_read() -> None:
    assert read_schedule("1d", "02:00", "Asia/Shanghai") == Schedule(DAY, time(2), SHANGHAI)
    assert read_schedule("24h", "02:00", "UTC").every == DAY
    assert read_schedule("30m", None, "UTC") == Schedule(timedelta(minutes=30), None, ZoneInfo("UTC"))
