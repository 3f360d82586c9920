"""Slices of texts and lists, cut as Python cuts."""

from dataclasses import replace

import polars as pl

from kehu.rules.columns import Column, when
from kehu.rules.lists import position_of
from kehu.rules.numbers import whole
from kehu.rules.values import Refused, Value, either, errors_of, known, unless


def slice_of(value: Value, start: Value, stop: Value, *, safe: bool) -> Value:
    """`value[start:stop]`: from the end when negative, never out of range; a null edge is as if left out.

    With `safe` the slice of null is null.
    """
    value = value if safe else known(value, "what is cut")
    if value.kind == "null":
        return value
    if value.kind not in {"string", "list"} or value.distinct:
        raise Refused("type-mismatch", f"only a text or a list can be cut, but {value.noun}", "", value.span)
    start, stop = (edge if edge.kind == "null" else position_of(edge) for edge in (start, stop))
    # The edges are not evaluated where there is nothing to cut.
    error = either(value.error, unless(errors_of(start, stop), value.null))
    if value.kind == "list" and value.each is None:
        return replace(value, members=_cut(value, start, stop), error=error)
    expr = _text(value, start, stop) if value.kind == "string" else _list(value, start, stop)
    return replace(value, expr=expr, error=error, literal=None, words=())


def _cut(value: Value, start: Value, stop: Value) -> tuple[Value, ...]:
    edges = [None if edge.literal is None else int(edge.literal) for edge in (start, stop)]
    if any(edge.kind != "null" and edge.literal is None for edge in (start, stop)):
        raise Refused("unsupported", "a written list is cut at written positions", "write the members wanted")
    return value.members[slice(*edges)]


def _text(value: Value, start: Value, stop: Value) -> Column:
    if _from_the_front(start) and _from_the_front(stop):
        return value.expr.str.slice(*_plain(start, stop))
    first, size = _reach(start, stop, value.expr.str.len_chars().cast(pl.Int64))
    return value.expr.str.slice(first, size)


def _list(value: Value, start: Value, stop: Value) -> Column:
    if _from_the_front(start) and _from_the_front(stop):
        return value.expr.list.slice(*_plain(start, stop))
    first, size = _reach(start, stop, value.expr.list.len().cast(pl.Int64))
    return value.expr.list.slice(first, size)


def _from_the_front(edge: Value) -> bool:
    return edge.kind == "null" or (edge.literal is not None and int(edge.literal) >= 0)


def _plain(start: Value, stop: Value) -> tuple[int, int | None]:
    first = int(start.literal or 0)
    return first, None if stop.kind == "null" else max(int(stop.literal or 0) - first, 0)


def _reach(start: Value, stop: Value, length: Column) -> tuple[Column, Column]:
    """Where the slice begins and how long it is."""
    first, last = _edge(start, length, whole(0)), _edge(stop, length, length)
    return first, when(last > first).then(last - first).otherwise(whole(0))


def _edge(position: Value, length: Column, absent: Column) -> Column:
    """Counted from the front: never below 0, beyond the end as it is."""
    if position.kind == "null":
        return absent
    at = position.expr.cast(pl.Int64)
    back = when(at + length > 0).then(at + length).otherwise(whole(0))
    return when(at < 0).then(back).otherwise(at)
