"""What is legal in a rule file and hardly meant: levels nobody can reach, bands that overlap, other units."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place, Problem
from kehu.rules.boxes import EVERYBODY, NOBODY, Boxes, TooManyBoxesError, union, without
from kehu.rules.entries import Entry
from kehu.rules.examples import UNDATED
from kehu.rules.extents import Extent, Measure
from kehu.rules.files import Draft
from kehu.rules.gauges import Gauges
from kehu.rules.interpreter import engine_context
from kehu.rules.regions import Span, first_of, last_of, one_step
from kehu.rules.trees import parse
from kehu.rules.units import other_units

_TURN = "a sign may be turned round, or 'and' and 'or' changed"


def suspicions(drafts: Iterable[Draft], schema: Schema, gauges: Gauges) -> list[Problem]:
    """Warnings about rule sets without error, which are certain: what cannot be decided is not told."""
    found = list(drafts)
    measure = Measure(schema, gauges)
    # One context for all: making it costs more than reading a condition.
    context = engine_context(schema, UNDATED)
    problems = other_units(found, schema, gauges)
    told = {problem.place for problem in problems}
    for draft in found:
        # Conditions made of pieces are their kind's to judge.
        if not draft.pieces:
            taken = [_Taken(entry, extent) for entry in draft.entries if (extent := _extent(entry, measure, context))]
            problems += _of_draft(draft, taken, measure, told)
    return problems


@dataclass(frozen=True, slots=True)
class _Taken:
    """A level or warning and whom its condition takes."""

    entry: Entry
    extent: Extent


@dataclass(frozen=True, slots=True)
class _Band:
    entry: Entry
    span: Span


def _of_draft(draft: Draft, taken: Sequence[_Taken], measure: Measure, told: set[Place]) -> Iterator[Problem]:
    for item in taken:
        yield from _same_for_all(item, measure, told, is_tier=draft.kind == "tier")
    if draft.kind == "tier":
        yield from _shadowed(taken, measure)
    if draft.kind != "warning" and len(taken) == sum(not entry.otherwise for entry in draft.entries):
        yield from _bands(taken, measure.schema)


def _extent(entry: Entry, measure: Measure, context: Any) -> Extent | None:
    """None where the condition is none, or has too many parts."""
    if entry.condition is None:
        return None
    root = parse(entry.condition, context).root
    try:
        return measure.extent(root)
    except TooManyBoxesError:
        return None


def _same_for_all(item: _Taken, measure: Measure, told: set[Place], *, is_tier: bool) -> Iterator[Problem]:
    entry, place = item.entry, _place(item.entry)
    if any(place.path == other.path and _holds(entry, other) for other in told):
        return
    if item.extent.most == NOBODY:
        said, remedy = f"no customer can ever meet the condition of '{entry.code}'", _TURN
        yield Problem(place, "never-true", said, remedy, "warning")
    elif _covers(item.extent.surely, EVERYBODY, measure):
        said = f"every customer meets the condition of '{entry.code}'"
        remedy = "write 'otherwise: true' for the level that takes the rest" if is_tier else _TURN
        yield Problem(place, "always-true", said, remedy, "warning")


def _holds(entry: Entry, place: Place) -> bool:
    """Whether the spot is in one of the entry's conditions."""
    return any(
        scalar.place.line <= place.line <= scalar.place.line + scalar.text.count("\n") + 1 for scalar in entry.written
    )


def _shadowed(taken: Sequence[_Taken], measure: Measure) -> Iterator[Problem]:
    above: Boxes = NOBODY
    for index, item in enumerate(taken):
        if item.extent.most != NOBODY and _covers(above, item.extent.most, measure):
            alone = [each for each in taken[:index] if _covers(each.extent.surely, item.extent.most, measure)]
            whom = f"'{alone[0].entry.code}' above takes" if alone else "the levels above take"
            said = f"'{item.entry.code}' is never reached: {whom} everyone who meets its condition"
            yield Problem(_place(item.entry), "shadowed-level", said, "put the narrower condition first", "warning")
        try:
            above = union(above, item.extent.surely)
        except TooManyBoxesError:
            return


def _covers(takers: Boxes, taken: Boxes, measure: Measure) -> bool:
    """Whether everyone taken is among the takers, as far as that can be reckoned."""
    try:
        return without(taken, takers, measure.whole) == NOBODY
    except TooManyBoxesError:
        return False


def _bands(taken: Sequence[_Taken], schema: Schema) -> Iterator[Problem]:
    """Only where every condition is one span of one and the same feature."""
    boxes = [item.extent.most for item in taken]
    features = {name for found in boxes for box in found for name in box}
    if len(features) != 1 or not all(item.extent.plain and len(item.extent.most) == 1 for item in taken):
        return
    (feature,) = features
    spans = [found[0][feature].spans for found in boxes if feature in found[0]]
    if len(spans) != len(taken) or any(len(each) != 1 for each in spans):
        return
    bands = [_Band(item.entry, each[0]) for item, each in zip(taken, spans, strict=True)]
    yield from _overlaps(bands, feature, schema[feature])
    yield from _gaps(bands, feature, schema[feature])


def _overlaps(bands: Sequence[_Band], feature: str, kind: FeatureType) -> Iterator[Problem]:
    """Neighbours of which neither is within the other; told at the one that stands below."""
    order = {band.entry.code: index for index, band in enumerate(bands)}
    for pair in pairwise(sorted(bands, key=lambda band: band.span)):
        one, other = sorted(pair, key=lambda band: order[band.entry.code])
        shared = (max(one.span[0], other.span[0]), min(one.span[1], other.span[1]))
        if shared[0] < shared[1] and shared not in {one.span, other.span}:
            said = f"'{one.entry.code}' and '{other.entry.code}' both take {feature} {_range(shared, kind)}"
            yield Problem(
                _place(other.entry), "overlapping-bands", said, "let one begin where the other ends", "warning"
            )


def _gaps(bands: Sequence[_Band], feature: str, kind: FeatureType) -> Iterator[Problem]:
    """One value between two bands is forgotten; a wider gap may be meant."""
    for one, other in pairwise(sorted(bands, key=lambda band: band.span)):
        gap = (one.span[1], other.span[0])
        if gap[0] < gap[1] and one_step(gap, kind):
            said = f"neither '{one.entry.code}' nor '{other.entry.code}' takes {feature} {_range(gap, kind)}"
            yield Problem(_place(other.entry), "band-gap", said, "write '>=' or '<=' in one of them", "warning")


def _range(span: Span, kind: FeatureType) -> str:
    first, last = first_of(span), last_of(span, kind)
    return f"= {first:f}" if first == last else f"from {first:f} to {last:f}"


def _place(entry: Entry) -> Place:
    return entry.place if entry.when is None else entry.when.place
