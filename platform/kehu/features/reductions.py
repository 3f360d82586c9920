"""Numbers of each customer from the rows between two places: slice i is rows low[i] .. high[i], some empty.

`kept` says which rows count, None that all do. The compiled loops are loaded when the first is asked for: loading
Numba takes longer than most commands that count nothing.
"""

from importlib import import_module
from types import ModuleType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]
V = TypeVar("V", bound=np.generic)

_ALL = np.empty(0, np.bool_)


def bounds_of(owners: Whole) -> Whole:
    """Where each owner's rows begin, and behind them where the last one's end; rows stand by owner."""
    found: Whole = _kernels().runs(_still(owners))
    return found


def placed(at: Whole, bounds: Whole, edges: Whole) -> Whole:
    """A row per edge: of each customer the first row later than it, else the end; `at` never falls there."""
    found: Whole = _kernels().placed(_still(at), _still(bounds), _still(edges))
    return found


def numbers(places: Whole, kept: Truth | None) -> Whole:
    """How many rows count from the first row of `places` to each."""
    if kept is None:
        since: Whole = places - places[0]
        return since
    found: Whole = _kernels().numbers(_still(places), _still(kept))
    return found


def sums(places: Whole, kept: Truth | None, values: Whole) -> Whole:
    """The exact sums, modulo 2^64, of what counts from the first row of `places` to each."""
    found: Whole = _kernels().sums(_still(places), _counting(kept), _still(values))
    return found


def ends(low: Whole, high: Whole, kept: Truth | None, *, is_first: bool) -> Whole:
    """The first or last row of each slice that counts, -1 where none does."""
    found: Whole = _kernels().ends(_still(low), _still(high), _counting(kept), is_first)
    return found


def extremes(low: Whole, high: Whole, kept: Truth | None, values: Whole, *, is_least: bool) -> Whole:
    """The first row of each slice with its least or greatest value that counts, -1 where none does."""
    found: Whole = _kernels().extremes(_still(low), _still(high), _counting(kept), _still(values), is_least)
    return found


def ranked(low: Whole, high: Whole, kept: Truth | None, values: Whole, q: float) -> Whole:
    """Three rows: of each slice's n values that count those below and above place q * (n - 1) in order, then n."""
    found: Whole = _kernels().ranked(_still(low), _still(high), _counting(kept), _still(values), q)
    return found


def distinct(low: Whole, high: Whole, kept: Truth | None, codes: Whole) -> Whole:
    """How many different codes count in each slice."""
    found: Whole = _kernels().distinct(_still(low), _still(high), _counting(kept), _still(codes))
    return found


def different(low: Whole, high: Whole, kept: Truth | None, codes: Whole) -> tuple[Whole, Whole]:
    """Every slice's different codes that count: the numbers of the slices, and beside them the first row of each."""
    many, rows = _kernels().different(_still(low), _still(high), _counting(kept), _still(codes))
    return np.repeat(np.arange(len(many)), many), rows


def looked_up(codes: npt.NDArray[np.uint32], known: Truth | None, table: Truth) -> Truth:
    """Of each row what the table says of its code, the last of it where the code is unknown."""
    found: Truth = _kernels().looked_up(_still(codes), _counting(known), _still(table))
    return found


def _kernels() -> ModuleType:
    return import_module("kehu.features.kernels")


def _counting(kept: Truth | None) -> Truth:
    return _still(_ALL if kept is None else kept)


def _still(values: npt.NDArray[V]) -> npt.NDArray[V]:
    """The same, not to be written: what Polars lends may not be, and Numba would compile for both kinds."""
    found = np.ascontiguousarray(values).view()
    found.flags.writeable = False
    return found
