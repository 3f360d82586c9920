"""Loops over the rows of each customer, compiled by Numba when they are first called.

Slice i is the rows low[i] .. high[i] (exclusive) of a column; `kept` says which rows count, all of them where it is
empty. Of `places`, row e says for each customer where the e-th edge falls; edges rise, so places do.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]
F = TypeVar("F", bound=Callable[..., object])

_FEW = 24
_SMALL = 4
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def compiled(function: F) -> F:
    """The function as Numba compiles it, kept on disk wherever a folder for that can be written."""
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        # Neither beside the source nor in the user's cache: compiled again by every process.
        return cast("F", numba.njit(nogil=True)(function))


@compiled
def runs(owners: Whole) -> Whole:
    """Where each customer's rows begin, and behind them where the last one's end."""
    many = 1 if len(owners) else 0
    for row in range(1, len(owners)):
        many += owners[row] != owners[row - 1]
    bounds = np.empty(many + 1, np.int64)
    bounds[0] = 0
    which = 1
    for row in range(1, len(owners)):
        if owners[row] != owners[row - 1]:
            bounds[which] = row
            which += 1
    bounds[many] = len(owners)
    return bounds


@compiled
def placed(at: Whole, bounds: Whole, edges: Whole) -> Whole:
    """Of each customer the first row later than each edge, its end when there is none; `at` and edges never fall."""
    customers = len(bounds) - 1
    places = np.empty((len(edges), customers), np.int64)
    for which in range(customers):
        row, end = bounds[which], bounds[which + 1]
        for edge in range(len(edges)):
            high = end
            while high - row > _FEW:
                middle = (row + high) // 2
                if at[middle] <= edges[edge]:
                    row = middle + 1
                else:
                    high = middle
            while row < high and at[row] <= edges[edge]:
                row += 1
            places[edge, which] = row
    return places


@compiled
def looked_up(codes: npt.NDArray[np.uint32], known: Truth, table: Truth) -> Truth:
    """Of each row what the table says of its code, the last of it where the code is unknown."""
    every = len(known) == 0
    found = np.empty(len(codes), np.bool_)
    for row in range(len(codes)):
        found[row] = table[codes[row]] if every or known[row] else table[-1]
    return found


@compiled
def numbers(places: Whole, kept: Truth) -> Whole:
    """How many rows count from the first edge to each."""
    edges, customers = places.shape
    found = np.empty((edges, customers), np.int64)
    before = np.zeros(_longest(places[0], places[-1]) + 1, np.int64)
    for which in range(customers):
        first, number = places[0, which], 0
        for row in range(places[-1, which] - first):
            number += kept[first + row]
            before[row + 1] = number
        for edge in range(edges):
            found[edge, which] = before[places[edge, which] - first]
    return found


@compiled
def sums(places: Whole, kept: Truth, values: Whole) -> Whole:
    """The sums of the values that count from the first edge to each."""
    edges, customers = places.shape
    found = np.empty((edges, customers), np.int64)
    before = np.zeros(_longest(places[0], places[-1]) + 1, np.int64)
    for which in range(customers):
        first, total = places[0, which], np.int64(0)
        if len(kept):
            for row in range(places[-1, which] - first):
                total += values[first + row] * kept[first + row]
                before[row + 1] = total
        else:
            for row in range(places[-1, which] - first):
                total += values[first + row]
                before[row + 1] = total
        for edge in range(edges):
            found[edge, which] = before[places[edge, which] - first]
    return found


@compiled
def _longest(low: Whole, high: Whole) -> int:
    longest = 0
    for which in range(len(low)):
        longest = max(longest, high[which] - low[which])
    return longest


@compiled
def ends(low: Whole, high: Whole, kept: Truth, is_first: bool) -> Whole:  # noqa: FBT001  # Numba's calls are by place
    """The first or last row of each slice that counts, -1 where none does."""
    every = len(kept) == 0
    found = np.full(len(low), -1, np.int64)
    for which in range(len(low)):
        for step in range(high[which] - low[which]):
            row = low[which] + step if is_first else high[which] - 1 - step
            if every or kept[row]:
                found[which] = row
                break
    return found


@compiled
def extremes(low: Whole, high: Whole, kept: Truth, values: Whole, is_least: bool) -> Whole:  # noqa: FBT001  # as above
    """The first row of each slice with its least or greatest value that counts, -1 where none does."""
    every = len(kept) == 0
    found = np.full(len(low), -1, np.int64)
    for which in range(len(low)):
        best = -1
        for row in range(low[which], high[which]):
            if every or kept[row]:
                better = values[row] < values[best] if is_least else values[row] > values[best]
                if best < 0 or better:
                    best = row
        found[which] = best
    return found


@compiled
def ranked(low: Whole, high: Whole, kept: Truth, values: Whole, q: float) -> Whole:
    """Of each slice's n values that count the ones next below and above place q * (n - 1) in order, and n."""
    every = len(kept) == 0
    found = np.zeros((3, len(low)), np.int64)
    cells = np.empty(_longest(low, high), np.int64)
    for which in range(len(low)):
        many = 0
        for row in range(low[which], high[which]):
            if every or kept[row]:
                cells[many] = values[row]
                many += 1
        found[2, which] = many
        if many:
            place = q * (many - 1)
            below = int(place)
            if many - below <= _SMALL:
                _lift(cells, many, below)
            else:
                _select(cells, many, below)
            found[0, which] = cells[below]
            found[1, which] = cells[below + 1 : many].min() if place > below else cells[below]
    return found


@compiled
def _lift(cells: Whole, many: int, place: int) -> None:
    """As `_select` does; cheaper where few come after the place."""
    for last in range(many - 1, place - 1, -1):
        best = last
        for cell in range(last):
            best = cell if cells[cell] > cells[best] else best
        cells[best], cells[last] = cells[last], cells[best]


@compiled
def _select(cells: Whole, many: int, place: int) -> None:
    """Reorder the first cells so that the one at that place has none greater before it and none less behind it."""
    first, last = 0, many - 1
    while last - first > _FEW:
        one, two, three = cells[first], cells[(first + last) // 2], cells[last]
        pivot = max(min(one, two), min(max(one, two), three))
        left, right = first, last
        while left <= right:
            while cells[left] < pivot:
                left += 1
            while cells[right] > pivot:
                right -= 1
            if left <= right:
                cells[left], cells[right] = cells[right], cells[left]
                left += 1
                right -= 1
        if place <= right:
            last = right
        elif place >= left:
            first = left
        else:
            return
    for cell in range(first + 1, last + 1):
        value, hole = cells[cell], cell
        while hole > first and cells[hole - 1] > value:
            cells[hole] = cells[hole - 1]
            hole -= 1
        cells[hole] = value


@compiled
def distinct(low: Whole, high: Whole, kept: Truth, codes: Whole) -> Whole:
    """How many different codes count in each slice."""
    every = len(kept) == 0
    many = np.zeros(len(low), np.int64)
    keys, owners = _slots(low, high)
    for which in range(len(low)):
        bits, all_bits, number, falls, before = np.int64(0), np.int64(0), 0, False, np.int64(0)
        for row in range(low[which], high[which]):
            if every or kept[row]:
                code = codes[row]
                bits |= np.int64(1) << (code & 63)
                all_bits |= code
                falls |= number > 0 and code < before
                number += number == 0 or code != before
                before = code
        if all_bits & ~63 == 0:
            number = 0
            while bits:
                bits &= bits - 1
                number += 1
        elif falls:
            number = 0
            mask = _room(high[which] - low[which]) - 1
            for row in range(low[which], high[which]):
                if every or kept[row]:
                    number += _is_new(keys, owners, mask, which, codes[row])
        many[which] = number
    return many


@compiled
def different(low: Whole, high: Whole, kept: Truth, codes: Whole) -> tuple[Whole, Whole]:
    """How many different codes count in each slice, and the first row of each, slice by slice."""
    every = len(kept) == 0
    many, rows, told = np.zeros(len(low), np.int64), np.empty(256, np.int64), 0
    keys, owners = _slots(low, high)
    for which in range(len(low)):
        mask = _room(high[which] - low[which]) - 1
        for row in range(low[which], high[which]):
            if (every or kept[row]) and _is_new(keys, owners, mask, which, codes[row]):
                if told == len(rows):
                    rows = np.append(rows, np.empty(told, np.int64))
                rows[told] = row
                told += 1
                many[which] += 1
    return many, rows[:told]


@compiled
def _slots(low: Whole, high: Whole) -> tuple[Whole, Whole]:
    """Room for the codes of the longest slice: keys, and whose they are, nobody's yet."""
    longest = _longest(low, high)
    return np.empty(_room(longest), np.int64), np.full(_room(longest), -1, np.int64)


@compiled
def _room(many: int) -> int:
    """A power of two, half of it at least left free by so many."""
    room = 8
    while room < 2 * many:
        room *= 2
    return room


@compiled
def _is_new(keys: Whole, owners: Whole, mask: int, owner: int, code: int) -> bool:
    """Whether the owner's code was not among the first mask + 1 keys; it is now."""
    slot = np.uint64(code) * _SPREAD >> _HALF & np.uint64(mask)
    while owners[slot] == owner:
        if keys[slot] == code:
            return False
        slot = slot + np.uint64(1) & np.uint64(mask)
    keys[slot] = code
    owners[slot] = owner
    return True
