"""Sets of values that one feature may have: numbers in spans, words or truth values in lists, with or without null."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf

from kehu.model.feature_types import FeatureType

# A cut lies right before a number (0) or right behind it (1).
Cut = tuple[Decimal | float, int]
Span = tuple[Cut, Cut]

LEAST: Cut = (-inf, 0)
MOST: Cut = (inf, 0)
NUMBERS = {"integer", "decimal", "float"}


@dataclass(frozen=True, slots=True)
class Region:
    """Numbers between cuts, `spans` sorted and apart; or `words`, all but these where `others`; and null or not.

    A feature of numbers has no words, one of words no spans.
    """

    spans: tuple[Span, ...] = ()
    words: frozenset[object] = frozenset()
    others: bool = False
    null: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no value is in it."""
        return not (self.spans or self.words or self.others or self.null)

    def __and__(self, other: "Region") -> "Region":
        return Region(
            tuple(_joined(self.spans, other.spans)),
            *_common_words(self, other),
            null=self.null and other.null,
        )

    def __sub__(self, other: "Region") -> "Region":
        """What is in this region and not in the other."""
        words = Region(words=other.words, others=not other.others)
        return Region(
            tuple(_joined(self.spans, tuple(_around(other.spans)))),
            *_common_words(self, words),
            null=self.null and not other.null,
        )


def everything(kind: FeatureType, least: Decimal | None = None, most: Decimal | None = None) -> Region:
    """Every value the feature may have; numbers from `least` to `most` where these are known."""
    if kind.kind in NUMBERS:
        begin = LEAST if least is None else (least, 0)
        end = MOST if most is None else _behind(most, kind)
        return Region(((begin, end),), null=kind.nullable)
    if kind.kind == "boolean":
        return Region(words=frozenset({True, False}), null=kind.nullable)
    return Region(words=frozenset(kind.words), others=not kind.words, null=kind.nullable)


def compared(operator: str, value: object, kind: FeatureType) -> Region:
    """The values of the feature, null among them for `!=`, for which `feature operator value` holds."""
    if value is None:
        unknown = Region(null=kind.nullable)
        return unknown if operator == "eq" else everything(kind) - unknown
    if operator == "ne":
        return everything(kind) - compared("eq", value, kind)
    if isinstance(value, Decimal) and kind.kind in NUMBERS:
        return _SPANS[operator](value, kind)
    return Region(words=frozenset({value})) if operator == "eq" else Region()


def one_step(span: Span, kind: FeatureType) -> bool:
    """Whether only one number of the feature lies in the span."""
    (begin, _), (end, side) = span
    if kind.kind == "float":
        return begin == end
    return side == 0 and begin not in {-inf, inf} and end != inf and Decimal(end) - Decimal(begin) == _step(kind)


def first_of(span: Span) -> Decimal | float:
    """The number at which the span begins, -inf where it has no beginning."""
    return span[0][0]


def last_of(span: Span, kind: FeatureType) -> Decimal | float:
    """The greatest number of the feature in the span; for a float the one at which it ends."""
    end, side = span[1]
    return end if side or kind.kind == "float" or end == inf else Decimal(end) - _step(kind)


def _step(kind: FeatureType) -> Decimal:
    return Decimal(1).scaleb(-kind.scale)


def _before(value: Decimal, kind: FeatureType) -> Cut:
    """The cut below which all numbers less than the value lie."""
    return (value, 0) if kind.kind == "float" else (value.quantize(_step(kind), ROUND_CEILING), 0)


def _behind(value: Decimal, kind: FeatureType) -> Cut:
    """The cut above which all numbers greater than the value lie; steps make it that before the next number."""
    return (value, 1) if kind.kind == "float" else (value.quantize(_step(kind), ROUND_FLOOR) + _step(kind), 0)


def _equal(value: Decimal, kind: FeatureType) -> Region:
    span = (_before(value, kind), _behind(value, kind))
    return Region((span,) if span[0] < span[1] else ())


_SPANS: dict[str, Callable[[Decimal, FeatureType], Region]] = {
    "eq": _equal,
    "lt": lambda value, kind: Region(((LEAST, _before(value, kind)),)),
    "le": lambda value, kind: Region(((LEAST, _behind(value, kind)),)),
    "gt": lambda value, kind: Region(((_behind(value, kind), MOST),)),
    "ge": lambda value, kind: Region(((_before(value, kind), MOST),)),
}


def _joined(first: Iterable[Span], second: tuple[Span, ...]) -> Iterable[Span]:
    for begin, end in first:
        for other_begin, other_end in second:
            span = (max(begin, other_begin), min(end, other_end))
            if span[0] < span[1]:
                yield span


def _around(spans: Iterable[Span]) -> Iterable[Span]:
    """Everything outside the spans."""
    at = LEAST
    for begin, end in spans:
        if at < begin:
            yield at, begin
        at = end
    if at < MOST:
        yield at, MOST


def _common_words(first: Region, second: Region) -> tuple[frozenset[object], bool]:
    if first.others and second.others:
        return first.words | second.words, True
    if first.others or second.others:
        some, all_but = (second, first) if first.others else (first, second)
        return some.words - all_but.words, False
    return first.words & second.words, False
