"""Numbers in conditions that look as if they were counted in another unit than their feature is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kehu.model.feature_types import Schema
from kehu.model.problems import Place, Problem
from kehu.rules.examples import UNDATED
from kehu.rules.extents import comparisons_in
from kehu.rules.files import Draft
from kehu.rules.gauges import Gauge, Gauges
from kehu.rules.interpreter import engine_context
from kehu.rules.spans import scalar_place
from kehu.rules.trees import parse

CHECK = "unit-mismatch"
_PER_CENT = 100
_DAY_SECONDS = 86_400
_FEW = 2  # other thresholds that show in which unit the feature is counted


@dataclass(frozen=True, slots=True)
class _Threshold:
    feature: str
    value: Decimal
    place: Place


def other_units(drafts: Sequence[Draft], schema: Schema, gauges: Gauges) -> list[Problem]:
    """Warnings about per cent of shares, seconds of days, and amounts in minor units."""
    # One context for all: making it costs more than reading a condition.
    context = engine_context(schema, UNDATED)
    thresholds = [found for draft in drafts for found in _thresholds(draft, schema, context)]
    problems = [_by_gauge(each, gauges.get(each.feature, Gauge())) for each in thresholds]
    return [*filter(None, problems), *_minor_units(thresholds, schema)]


def _thresholds(draft: Draft, schema: Schema, context: Any) -> Iterator[_Threshold]:
    scalars = (*draft.pieces, *(() if draft.pieces else (each for entry in draft.entries for each in entry.written)))
    for scalar in scalars:
        root = parse(scalar.text, context).root
        for found in comparisons_in(root, schema):
            if isinstance(found.value, Decimal):
                place = scalar_place(scalar, draft.file_text, found.at.span.start)
                yield _Threshold(found.feature, found.value, place)


def _by_gauge(found: _Threshold, gauge: Gauge) -> Problem | None:
    value = found.value
    if gauge.unit == "share" and 1 < value <= _PER_CENT:
        said = f"'{found.feature}' is a share, 1 for all; {value:f} looks like per cent"
        return Problem(found.place, CHECK, said, f"write {value / _PER_CENT:f}", "warning")
    if gauge.unit == "days" and value >= _DAY_SECONDS and value % _DAY_SECONDS == 0:
        said = f"'{found.feature}' counts days; {value:f} looks like seconds"
        return Problem(found.place, CHECK, said, f"write {value / _DAY_SECONDS:f}", "warning")
    return None


def _minor_units(thresholds: Sequence[_Threshold], schema: Schema) -> Iterator[Problem]:
    """An amount that is the greatest other threshold of its feature, in minor units."""
    values: dict[str, set[Decimal]] = {}
    for each in thresholds:
        values.setdefault(each.feature, set()).add(each.value)
    # The greatest of each feature's numbers, and the next; none where too few show the unit.
    greatest_two = {name: sorted(found)[:-3:-1] for name, found in values.items() if len(found) > _FEW}
    for found in thresholds:
        kind = schema[found.feature]
        if kind.kind != "decimal" or not kind.scale or found.feature not in greatest_two:
            continue
        most, greatest = greatest_two[found.feature]
        if greatest > 0 and found.value == most == greatest.scaleb(kind.scale):
            said = f"{found.value:f} for '{found.feature}' is {greatest:f} in minor units; amounts are in major ones"
            yield Problem(found.place, CHECK, said, f"write {greatest:f}, or leave it if it is meant", "warning")
