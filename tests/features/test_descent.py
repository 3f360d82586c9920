"""The least value of smooth functions whose least value is known."""

import numpy as np
import pytest

from kehu.features.descent import Numbers, Sloped, least


def bowl(place: Numbers) -> tuple[float, Numbers]:
    """Least at (3, -1)."""
    away = place - np.array([3.0, -1.0])
    return float(away @ away), 2 * away


def valley(place: Numbers) -> tuple[float, Numbers]:
    """Rosenbrock's, least at (1, 1)."""
    x, y = place.tolist()
    slopes = np.array([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)])
    return 100 * (y - x * x) ** 2 + (1 - x) ** 2, slopes


def cliff(place: Numbers) -> tuple[float, Numbers]:
    """Least at 2, and nothing is known beyond 4."""
    x = float(place[0])
    return (float("inf"), np.array([np.nan])) if x > 4 else ((x - 2) ** 4, np.array([4 * (x - 2) ** 3]))


@pytest.mark.parametrize(
    ("_case", "function", "start", "bounds", "expected"),
    [
        ("a bowl", bowl, [0, 0], (-9, 9), [3, -1]),
        ("a bent valley", valley, [-1.2, 1], (-9, 9), [1, 1]),
        ("beyond a bound", bowl, [0, 0], (0, 2), [2, 0]),
        ("from where it is least", bowl, [3, -1], (-9, 9), [3, -1]),
        ("beside where nothing is known", cliff, [-5], (-9, 9), [2]),
    ],
)
def test_the_least_value_is_found(
    _case: str, function: Sloped, start: list[float], bounds: tuple[float, float], expected: list[float]
) -> None:
    assert least(function, np.array(start, dtype=float), *bounds) == pytest.approx(expected, abs=2e-2)
