"""When a file was exported, by the date in its name."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from kehu.model.yaml_nodes import Node, Scalar
from kehu.sources.dates import directives, format_fault
from kehu.sources.reading import Reading, read_text

# The directives whose digits can be told from what stands beside them.
_DIGITS = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}
_PARTS = re.compile("|".join([*_DIGITS, r"\*"]))


def read_exported(node: Node | None, reading: Reading) -> str:
    """The file's name with date directives for its date; '' without one."""
    if node is None:
        return ""
    pattern = read_text(node, "'exported'", reading)
    fault = format_fault(pattern) if pattern else ""
    unfit = sorted(directives(pattern) - set(_DIGITS))
    twice = [name for name in _DIGITS if pattern.count(name) > 1]
    if pattern and not fault and (unfit or twice):
        fault = f"'{unfit[0]}' has no fixed number of digits" if unfit else f"'{twice[0]}' stands twice"
    if fault and isinstance(node, Scalar):
        remedy = "write the file's name with its date, such as customers_%Y%m%d.csv; * is any text"
        reading.report(node.place, "bad-date-format", f"'{pattern}': {fault}", remedy)
        return ""
    return pattern


def exported_at(pattern: str, name: str, timezone: str) -> datetime | None:
    """The instant, in UTC, that the file's name tells; None where it does not fit the pattern, or is no date.

    A date without a time of day is the beginning of that day in `timezone`.
    """
    used = [found for found in _PARTS.findall(pattern) if found != "*"]
    texts = [re.escape(text) for text in _PARTS.split(pattern)]
    places = [".*" if found == "*" else rf"(\d{{{_DIGITS[found]}}})" for found in _PARTS.findall(pattern)]
    whole = "".join(text + place for text, place in zip(texts, [*places, ""], strict=True))
    match = re.fullmatch(whole, name, re.ASCII)
    if match is None:
        return None
    try:
        told = datetime.strptime(" ".join(match.groups()), " ".join(used))  # noqa: DTZ007 - the zone follows
    except ValueError:
        return None
    return told.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
