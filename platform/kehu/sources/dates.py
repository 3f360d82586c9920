"""The date formats a source may write: which directives there are and which belong together."""

import re

DIRECTIVES: dict[str, str] = {
    "%Y": "year with century, 2024",
    "%y": "year without century: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068",
    "%m": "month, 1 or 01",
    "%b": "English month, short: Jan",
    "%B": "English month, whole: January",
    "%d": "day of the month, 1 or 01",
    "%a": "English weekday, short: Mon",
    "%A": "English weekday, whole: Monday",
    "%H": "hour 0 to 23",
    "%I": "hour 1 to 12, with %p",
    "%M": "minute",
    "%S": "second",
    "%f": "fraction of the second, after a dot: %S.%f",
    "%p": "AM or PM",
    "%z": "offset from UTC: +0800 or +08:00",
    "%%": "a percent sign",
}

_HOURS = ({"%H"}, {"%I", "%p"})


def directives(date_format: str) -> set[str]:
    """The directives in the format, unknown ones included."""
    return set(re.findall(r"%.?", date_format))


def has_time(date_format: str) -> bool:
    """Whether the format carries a time of day."""
    return bool(directives(date_format) & {"%H", "%I"})


def has_offset(date_format: str) -> bool:
    """Whether the format carries its own offset from UTC."""
    return "%z" in directives(date_format)


def format_fault(date_format: str) -> str:
    """What is wrong with a date format, in words; '' when nothing is."""
    used = directives(date_format)
    unknown = sorted(used - set(DIRECTIVES))
    if unknown:
        return f"'{unknown[0]}' is not a date directive"
    if not used & {"%Y", "%y"} or not used & {"%m", "%b", "%B"} or "%d" not in used:
        return "a date needs a year, a month and a day"
    return _time_fault(date_format, used)


def _time_fault(date_format: str, used: set[str]) -> str:
    hours = used & {"%H", "%I", "%p"}
    if hours and hours not in _HOURS:
        return "an hour is %H, or %I with %p"
    if bool(hours) != ("%M" in used):
        return "an hour needs a minute (%M), and a minute an hour"
    if ("%S" in used and not hours) or ("%f" in used and "%S.%f" not in date_format):
        return "a second needs an hour, and a fraction stands as %S.%f"
    return "an offset (%z) needs a time of day" if "%z" in used and not hours else ""
