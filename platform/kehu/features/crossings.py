"""Events that time alone makes count otherwise: a window's edge passes them, or what became of them is known."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import polars as pl

from kehu.features.catalogue import CompiledCatalogue
from kehu.features.declaration import Declaration
from kehu.model.graph import INSTANT

_CLOCK = ("$now", "$today")


def is_timed(item: Declaration) -> bool:
    """Whether another instant may change the count though no window's edge passes an event: it asks for the clock."""
    texts = [scalar.text for scalar in (item.where, item.of) if scalar is not None]
    return any(name in text for name in _CLOCK for text in texts)


def crossing(compiled: CompiledCatalogue, items: Iterable[Declaration], one: datetime, other: datetime) -> pl.Expr:
    """Whether an event of these features, all of one kind of event, may count otherwise as of the other instant.

    A column of truths over stored columns. Which instant is the later does not matter.
    """
    spans = _spans(compiled, list(items), min(one, other), max(one, other))
    conditions = [
        (pl.col(column) > pl.lit(start, INSTANT)) & (pl.col(column) <= pl.lit(end, INSTANT))
        for column, pairs in spans.items()
        for start, end in _joined(pairs)
    ]
    return pl.any_horizontal(conditions).fill_null(value=False) if conditions else pl.lit(value=False)


def occasions(compiled: CompiledCatalogue, item: Declaration) -> tuple[frozenset[timedelta], frozenset[str]]:
    """When time alone may change the count: an event is so old, or what became of it at these columns is known."""
    stream = item.stream
    if stream is None or not stream.at:
        return frozenset(), frozenset()
    edges = {item.before} | ({item.before + item.over} if item.over is not None else set())
    read = stream.stored(set(compiled.named_columns(item)))
    return frozenset(edges), frozenset(name for name in stream.later if name in read and name != stream.at)


def _spans(
    compiled: CompiledCatalogue, items: list[Declaration], earlier: datetime, later: datetime
) -> Mapping[str, list[tuple[datetime, datetime]]]:
    """By column, the spans (start, end] whose events change sides."""
    stream = items[0].stream
    if stream is None or not stream.at:
        return {}
    found = [occasions(compiled, item) for item in items]
    spans = {stream.at: [(earlier - edge, later - edge) for edge in set().union(*(edges for edges, _ in found))]}
    return spans | {name: [(earlier, later)] for name in set().union(*(names for _, names in found))}


def _joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same instants in spans that do not overlap."""
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
