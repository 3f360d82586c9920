"""From when until when a rule set is in force."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from kehu.model.yaml_nodes import Node, Scalar
from kehu.rules.shapes import Shapes

_KEYS = ("from", "until")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Effective:
    """[start, end) in UTC; None is without bound."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, as_of: datetime) -> bool:
        """Whether the instant is within."""
        return (self.start is None or self.start <= as_of) and (self.end is None or as_of < self.end)

    def overlaps(self, other: "Effective") -> bool:
        """Whether some instant is within both."""
        apart = (self.end is not None and other.start is not None and self.end <= other.start) or (
            other.end is not None and self.start is not None and other.end <= self.start
        )
        return not apart


ALWAYS = Effective()


def read_effective(node: Node | None, shapes: Shapes) -> Effective:
    """A day stands for its beginning in UTC; what is wrong is noted and counts as absent."""
    if node is None:
        return ALWAYS
    found = shapes.mapping(node, "'effective'", _KEYS, ())
    if found is None:
        return ALWAYS
    if not found.entries:
        shapes.note(
            node.place, "bad-effective", "'effective' says neither from nor until", "such as {from: 2027-01-01}"
        )
    start, end = (_instant(found.get(key), shapes) for key in _KEYS)
    if start is not None and end is not None and end <= start:
        shapes.note(found.entries["until"].place, "bad-effective", "it ends before it begins", "'until' comes later")
    return Effective(start, end)


def always(periods: Iterable[Effective]) -> bool:
    """Whether the periods, which do not overlap, leave no instant out."""
    ordered = sorted(periods, key=lambda each: (each.start is not None, each.start))
    if not ordered or ordered[0].start is not None or ordered[-1].end is not None:
        return False
    return all(before.end == after.start for before, after in pairwise(ordered))


def _instant(node: Node | None, shapes: Shapes) -> datetime | None:
    if node is None:
        return None
    text = node.text if isinstance(node, Scalar) else ""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    remedy = "write 2027-01-01, its beginning in UTC, or 2027-01-01T00:00:00+08:00"
    shapes.note(node.place, "bad-effective", f"'{text or 'this'}' is no day or instant with its offset", remedy)
    return None
