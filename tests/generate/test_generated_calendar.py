from datetime import date

import numpy as np
import pytest

from kehu.generate.calendar import (
    COMPANY,
    FIRST_END,
    HISTORY_DAYS,
    LAST_END,
    PERSON,
    SEASONS,
    SHOP,
    SPRING_FESTIVAL,
    demand_factors,
    month_numbers,
    strain,
)

FIRST = date(2024, 1, 1)
FACTORS = demand_factors(FIRST, 366)


def factor(day: date, kind: int, season: int = 0) -> float:
    return float(FACTORS[(day - FIRST).days, kind * SEASONS + season])


def test_a_history_fits_the_table_of_festivals() -> None:
    assert (date(2021, 12, 30), date(2027, 12, 31), 730) == (FIRST_END, LAST_END, HISTORY_DAYS)
    assert all(day.month in {1, 2} for day in SPRING_FESTIVAL.values())


@pytest.mark.parametrize(
    ("_case", "day", "kind", "expected"),
    [
        ("a plain Monday", date(2024, 4, 15), COMPANY, 1.15),
        ("a plain Sunday", date(2024, 4, 21), COMPANY, 0.40),
        ("Spring Festival, a Saturday", date(2024, 2, 10), COMPANY, 0.75 * 0.08),
        ("Singles' Day, a Monday: shops feel all of it", date(2024, 11, 11), SHOP, 1.08 * 2.1),
        ("and companies a quarter", date(2024, 11, 11), COMPANY, 1.15 * (1 + 0.25 * 1.1)),
        ("6.18, a Tuesday", date(2024, 6, 18), PERSON, 0.95 * (1 + 0.8 * 0.55)),
        ("the last National Day, a Monday", date(2024, 10, 7), COMPANY, 1.15 * 0.65),
        ("the day after, a Tuesday", date(2024, 10, 8), COMPANY, 1.15),
    ],
)
def test_the_volume_of_a_day(_case: str, day: date, kind: int, expected: float) -> None:
    assert factor(day, kind) == pytest.approx(expected)


def test_a_customer_with_a_season_ships_mostly_then() -> None:
    plain, summer = (factor(date(2024, 7, 15), SHOP, season) for season in (0, 2))
    assert summer == pytest.approx(plain * 3.2)
    assert factor(date(2024, 4, 15), SHOP, 2) == pytest.approx(factor(date(2024, 4, 15), SHOP) * 0.25)


def test_lateness_rises_at_spring_festival_and_after_singles_day() -> None:
    added = strain(FIRST, 366)
    days = {name: (day - FIRST).days for name, day in (("eve", date(2024, 2, 8)), ("11.13", date(2024, 11, 13)))}
    assert added[days["eve"]] == pytest.approx(0.12)
    assert added[days["11.13"]] == pytest.approx(0.08)
    assert added[(date(2024, 4, 15) - FIRST).days] == 0


def test_months_are_counted_from_year_0() -> None:
    assert month_numbers(date(2024, 12, 31), 2).tolist() == [2024 * 12 + 11, 2025 * 12]
    assert np.unique(month_numbers(FIRST, 366)).size == 12
