"""The least value of a smooth function of a few numbers between bounds.

BFGS as in J. Nocedal, S. J. Wright, Numerical Optimization, 2nd edition, algorithm 6.1, with steps halved until they
pay (3.1) and numbers held that would leave the bounds. SciPy's takes longer to import than this to fit.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Sloped = Callable[[Numbers], tuple[float, Numbers]]

_STEPS, _HALVINGS = 200, 40
_FLAT, _LITTLE = 1e-7, 1e-9
_ENOUGH = 1e-4


def least(function: Sloped, start: Numbers, low: float, high: float) -> Numbers:
    """Where the function, which gives its value and slopes, is least, as far as steps downhill from `start` lead."""
    place, inverse = np.clip(start, low, high), np.eye(len(start))
    value, slopes = function(place)
    for _ in range(_STEPS):
        # A number at its bound that wants to go further stays.
        free = ~(((place <= low) & (slopes > 0)) | ((place >= high) & (slopes < 0)))
        if not free.any() or np.abs(slopes[free]).max() < _FLAT:
            break
        way = np.where(free, -inverse @ np.where(free, slopes, 0), 0)
        if way @ slopes >= 0:
            inverse = np.eye(len(start))
            way = np.where(free, -slopes, 0)
        found = _downhill(function, place, value, slopes, way, (low, high))
        if found is None:
            break
        new_place, (new_value, new_slopes) = found
        gained = value - new_value
        inverse = _learned(inverse, new_place - place, new_slopes - slopes)
        place, value, slopes = new_place, new_value, new_slopes
        if gained <= _LITTLE * max(abs(value), 1.0):
            break
    return place


def _downhill(
    function: Sloped, place: Numbers, value: float, slopes: Numbers, way: Numbers, bounds: tuple[float, float]
) -> tuple[Numbers, tuple[float, Numbers]] | None:
    """The first place on the way that is lower by enough, with the value and slopes there; None when there is none."""
    for halving in range(_HALVINGS):
        there = np.clip(place + way / 2**halving, *bounds)
        found = function(there)
        if found[0] <= value + _ENOUGH * float(slopes @ (there - place)) and np.isfinite(found[0]):
            return (there, found) if not np.array_equal(there, place) else None
    return None


def _learned(inverse: Numbers, step: Numbers, change: Numbers) -> Numbers:
    """The estimate of how slopes answer to steps, with what one step showed."""
    curve = float(step @ change)
    if curve <= 0:
        return inverse
    side = np.eye(len(step)) - np.outer(step, change) / curve
    learned: Numbers = side @ inverse @ side.T + np.outer(step, step) / curve
    return learned
