"""Rates with their intervals, against published values."""

import pytest

from kehu.rules.measures import Counts, wilson


# R. G. Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven methods,
# Statistics in Medicine 17 (1998) 857-872, table I, method 3 (score without continuity correction).
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert found is not None
    assert tuple(round(bound, 4) for bound in found) == (low, high)


def test_an_interval_stays_within_nothing_and_all() -> None:
    assert wilson(0, 0) is None
    all_of_them = wilson(20, 20)
    assert all_of_them is not None
    assert (round(all_of_them[0], 4), all_of_them[1]) == (0.8389, 1.0)


def test_rates_follow_from_the_counts() -> None:
    counts = Counts(60, 10, 5, 3) + Counts(40, 10, 5, 3)
    assert counts == Counts(100, 20, 10, 6)
    assert (counts.base_rate, counts.precision, counts.recall, counts.f1) == (0.2, 0.6, 0.3, 0.4)
    assert counts.lift == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("_case", "counts", "expected"),
    [
        ("nobody", Counts(), (None, None, None, None, 0.0)),
        ("nobody flagged", Counts(10, 5, 0, 0), (0.5, None, 0.0, None, 0.0)),
        ("nobody leaves", Counts(10, 0, 5, 0), (0.0, 0.0, None, None, 0.0)),
        ("no hit", Counts(10, 5, 2, 0), (0.5, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_what_has_no_rate_is_unknown(_case: str, counts: Counts, expected: tuple[float | None, ...]) -> None:
    assert (counts.base_rate, counts.precision, counts.recall, counts.lift, counts.f1) == expected
