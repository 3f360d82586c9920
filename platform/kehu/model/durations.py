"""Spans of time as rule files write them."""

import re
from datetime import timedelta

DAY_MICROS = 86_400_000_000
_UNITS = {"minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
_DURATION = re.compile(r"([1-9]\d{0,5}) (minute|hour|day|week)s?")


def parse_duration(text: object) -> timedelta:
    """ "30 days", "1 hour": a whole number, one space, minutes, hours, days or weeks.

    Anything else raises ValueError.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"'{text}' is no duration; write a whole number and minutes, hours, days or weeks: '30 days'")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
