"""When a run is due again: each so many minutes or hours, or days at a local time."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Schedule:
    """`every` is whole days where there is a time of day `at` in the zone; without one the first run is due at once."""

    every: timedelta
    at: time | None
    zone: ZoneInfo

    def first(self, now: datetime) -> datetime:
        """When the first run is due: now, or the next time of day, which may be now itself."""
        if self.at is None:
            return now
        today = self._at(now.astimezone(self.zone).replace(tzinfo=None))
        return today if today >= now else self._days_later(now, 1)

    def next(self, due: datetime, now: datetime) -> datetime:
        """The first instant after `now` at which the schedule, on from the run due at `due`, has one due.

        Days are those of the zone's calendar. A time of day that summer time leaves out is taken as much later as the
        clocks go forward, one that comes twice is taken the first time.
        """
        if self.at is None:
            return due + self.every * max(1, (now - due) // self.every + 1)
        days, times = self.every.days, max(1, (now - due) // self.every)
        while (found := self._days_later(due, days * times)) <= now:
            times += 1
        return found

    def _days_later(self, instant: datetime, days: int) -> datetime:
        return self._at(instant.astimezone(self.zone).replace(tzinfo=None) + timedelta(days=days))

    def _at(self, local: datetime) -> datetime:
        assert self.at is not None  # noqa: S101  # asked only where there is a time of day
        return datetime.combine(local.date(), self.at, self.zone).astimezone(UTC)


def read_schedule(every: str | None, at: str | None, zone: str) -> Schedule:
    """A schedule as typed: '1d' and '02:00', or '6h' alone. Raises RefusedError with all that is wrong."""
    problems: list[Problem] = []
    span, clock = _span(every, problems), _time(at, problems)
    if at is not None and span is not None and span % _UNITS["d"]:
        problems.append(_problem("--at", f"'{at}' is a time of day, and '{every}' is no number of days"))
    refuse_errors(problems)
    if span is None:
        raise RefusedError([_problem("--every", "it is missing")])
    return Schedule(span, clock, ZoneInfo(zone))


def _span(text: str | None, problems: list[Problem]) -> timedelta | None:
    if text is None:
        problems.append(_problem("--at", "a time of day needs --every"))
        return None
    found = re.fullmatch(r"([1-9]\d{0,3})([mhd])", text, re.ASCII)
    if found is None:
        problems.append(_problem("--every", f"'{text}' is no span of time"))
        return None
    return _UNITS[found[2]] * int(found[1])


def _time(text: str | None, problems: list[Problem]) -> time | None:
    if text is None:
        return None
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII) is None:
        problems.append(_problem("--at", f"'{text}' is no time of day"))
        return None
    return time.fromisoformat(text)


def _problem(option: str, message: str) -> Problem:
    return Problem(Place(option), "schedule", message, "write --every 1d --at 02:00, --every 6h or --every 30m")
