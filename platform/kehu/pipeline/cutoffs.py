"""The days a backtest stops at: from one to another by a step, each to its last instant."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kehu.model.problems import Place, Problem, RefusedError

_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True, slots=True)
class Step:
    """A number of days, weeks or months."""

    count: int
    unit: Literal["d", "w", "m"]

    def after(self, day: date, times: int) -> date:
        """The day so many steps later (earlier when negative). A month's last day leads to months' last days."""
        if self.unit != "m":
            return day + timedelta(days=times * self.count * _DAYS[self.unit])
        year, month = divmod(day.year * 12 + day.month - 1 + times * self.count, 12)
        longest = monthrange(year, month + 1)[1]
        ends = day.day == monthrange(day.year, day.month)[1]
        return date(year, month + 1, longest if ends else min(day.day, longest))


def read_step(text: str) -> Step:
    """A step such as 1m, 2w or 10d; raises RefusedError."""
    found = re.fullmatch(r"([1-9]\d{0,3})([dwm])", text)
    if found is None:
        raise _refused("--step", "step", f"'{text}' is no step", "write 1m, 2w or 10d")
    unit: Literal["d", "w", "m"] = "d" if found[2] == "d" else "w" if found[2] == "w" else "m"
    return Step(int(found[1]), unit)


def read_length(text: str, option: str) -> timedelta:
    """A length of time in days or weeks such as 90d or 13w; raises RefusedError."""
    found = re.fullmatch(r"([1-9]\d{0,3})([dw])", text)
    if found is None:
        raise _refused(option, "length", f"'{text}' is no length of time", "write 90d or 13w")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])


def read_day(text: str, option: str) -> date:
    """A day such as 2026-05-31; raises RefusedError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _refused(option, "day", f"'{text}' is not a day", "write 2026-05-31") from error


def days_between(first: date, last: date, step: Step) -> list[date]:
    """`first`, every step after it, and `last`, whether or not a step ends there. Raises RefusedError when reversed."""
    if first > last:
        raise _refused("--from", "days", f"{first} comes after {last}", "give --from a day no later than --to")
    days = [first]
    while (day := step.after(first, len(days))) < last:
        days.append(day)
    return [*days, last] if last > first else days


def end_of_day(day: date, timezone: str) -> datetime:
    """The day's last microsecond in that zone, in UTC."""
    return datetime.combine(day, time.max, ZoneInfo(timezone)).astimezone(UTC)


def local_day(instant: datetime, timezone: str) -> date:
    """The day it is in that zone."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def _refused(option: str, check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place(option), check, message, remedy)])
