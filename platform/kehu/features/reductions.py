"""One number per customer from slices of a column: slice i is values[low[i]:high[i]], slices in order, some empty."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kehu.features.runs import Whole, running

Numbers = npt.NDArray[np.float64]
Values = npt.NDArray[np.int64] | Numbers
V = TypeVar("V", Whole, Numbers)

_CELLS = 1 << 20
_BITS = 63


def quantiles(values: Numbers, low: Whole, high: Whole, q: float) -> Numbers:
    """The value at place q * (n - 1) of each slice in order, between two by proportion; 0 of an empty slice."""
    found = np.zeros(len(low))
    for which, cells, lengths in _sorted_slices(values, low, high, np.inf):
        place = q * (lengths - 1)
        below = np.floor(place).astype(np.int64)
        every = np.arange(len(which))
        least, most = cells[every, below], cells[every, np.ceil(place).astype(np.int64)]
        found[which] = least + (most - least) * (place - below)
    return found


def distinct(codes: Whole, low: Whole, high: Whole) -> Whole:
    """How many different codes, none negative, each slice has."""
    if codes.max(initial=0) < _BITS:
        return np.bitwise_count(_extreme(np.bitwise_or.reduceat, np.left_shift(1, codes), low, high)).astype(np.int64)
    if _never_fall(codes, low):
        news = running(codes[1:] != codes[:-1])
        return np.where(high > low, 1 + news.take(high - 1, mode="clip") - news.take(low, mode="clip"), 0)
    found = np.zeros(len(low), np.int64)
    for which, cells, lengths in _sorted_slices(codes, low, high, _LAST):
        found[which] = _news(cells, lengths).sum(axis=1) + 1
    return found


def different(codes: Whole, low: Whole, high: Whole) -> tuple[Whole, Whole]:
    """Every slice's different codes: the numbers of the slices, and beside them the codes."""
    slices, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for which, cells, lengths in _sorted_slices(codes, low, high, _LAST):
        slices += [which, np.repeat(which, (news := _news(cells, lengths)).sum(axis=1))]
        found += [cells[:, 0], cells[:, 1:][news]]
    return np.concatenate(slices), np.concatenate(found)


def greatest(values: V, low: Whole, high: Whole) -> V:
    """The greatest value of each slice; 0 of an empty one."""
    return _extreme(np.maximum.reduceat, values, low, high)


def least(values: V, low: Whole, high: Whole) -> V:
    """The least value of each slice; 0 of an empty one."""
    return _extreme(np.minimum.reduceat, values, low, high)


_LAST = np.iinfo(np.int64).max


def _extreme(reduce: Callable[[V, Whole], V], values: V, low: Whole, high: Whole) -> V:
    found = np.resize(values[:0], len(low))
    there = np.flatnonzero(high > low)
    if not len(there):
        return found
    # Between two slices lies what is of no interest; the last may end where the values do.
    bounds: Whole = np.stack([low[there], high[there]], axis=1).ravel()
    found[there] = reduce(np.append(values, values[-1:]), bounds)[::2]
    return found


def _never_fall(values: Whole, low: Whole) -> bool:
    """Whether each value is followed by no less than it, but where a slice begins."""
    begins = np.zeros(len(values) + 1, np.bool_)
    begins[low] = True
    return bool(begins[np.flatnonzero(values[1:] < values[:-1]) + 1].all())


def _news(cells: Whole, lengths: Whole) -> npt.NDArray[np.bool_]:
    inside = np.arange(1, cells.shape[1]) < lengths[:, None]
    fresh: npt.NDArray[np.bool_] = (cells[:, 1:] != cells[:, :-1]) & inside
    return fresh


def _sorted_slices(values: V, low: Whole, high: Whole, fill: float) -> Iterator[tuple[Whole, V, Whole]]:
    """The slices that are not empty, sorted: their numbers, a row of cells for each, and their lengths.

    Slices of about one length are sorted together, short rows filled up, since sorting many short rows at once is
    ten times as fast as sorting all rows by slice and value.
    """
    lengths = high - low
    widths = np.where(lengths > 0, 2 ** np.ceil(np.log2(np.maximum(lengths, 1))).astype(np.int64), 0)
    for width in np.unique(widths[lengths > 0]).tolist():
        every = np.flatnonzero(widths == width)
        step = max(_CELLS // width, 1)
        for begin in range(0, len(every), step):
            which = every[begin : begin + step]
            cells = np.take(values, low[which, None] + np.arange(width), mode="clip")
            np.putmask(cells, np.arange(width) >= lengths[which, None], fill)
            cells.sort(axis=1)
            yield which, cells, lengths[which]
