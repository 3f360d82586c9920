"""When people ship: weekdays, Spring Festival, the shopping festivals, and customers with a season of their own."""

from datetime import date, timedelta

import numpy as np

from kehu.generate.dice import Floats, Ints

HISTORY_DAYS = 730
SPRING_FESTIVAL: dict[int, date] = {
    2020: date(2020, 1, 25),
    2021: date(2021, 2, 12),
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
}
FIRST_END = date(min(SPRING_FESTIVAL), 1, 1) + timedelta(days=HISTORY_DAYS - 1)
LAST_END = date(max(SPRING_FESTIVAL), 12, 31)

COMPANY, SHOP, PERSON = 0, 1, 2
SEASONS = 4  # none of its own, spring (tea), summer (fruit), autumn (hairy crab)
_SEASON_MONTHS = ((), (3, 4, 5), (6, 7, 8), (9, 10, 11))
_IN_SEASON, _OUT_OF_SEASON = 3.2, 0.25

_WEEKDAYS = np.array(
    [
        [1.15, 1.15, 1.12, 1.10, 1.10, 0.75, 0.40],
        [1.08, 1.05, 1.02, 1.00, 1.00, 0.98, 0.85],
        [1.00, 0.95, 0.95, 0.95, 1.00, 1.15, 1.05],
    ]
)
# (days from the festival, share of a plain day), by kind of customer
_SPRING = {
    COMPANY: ((-30, 1.0), (-14, 1.25), (-7, 0.9), (-3, 0.25), (0, 0.08), (6, 0.12), (9, 0.7), (16, 1.05), (25, 1.0)),
    SHOP: ((-30, 1.0), (-16, 1.5), (-8, 1.1), (-3, 0.3), (0, 0.12), (5, 0.2), (9, 0.75), (16, 1.0)),
    PERSON: ((-30, 1.0), (-14, 1.3), (-5, 0.9), (-2, 0.4), (0, 0.2), (4, 0.35), (8, 1.1), (15, 1.0)),
}
# (month, day, height above a plain day, days it takes to rise, days to fall)
_PEAKS = ((6, 18, 0.55, 12, 4), (11, 11, 1.1, 9, 6), (12, 12, 0.35, 4, 3))
_PEAK_SHARES = (0.25, 1.0, 0.8)  # how much of a shopping festival each kind of customer feels
_NATIONAL_DAYS = (10, 7)  # the month, and how many days from its first
_NATIONAL_SHARE = 0.65


def demand_factors(first: date, days: int) -> Floats:
    """Relative volume of each day (rows) for each class of customer (columns: kind * SEASONS + season)."""
    dates = [first + timedelta(days=day) for day in range(days)]
    weekday = np.array([day.weekday() for day in dates])
    months = np.array([day.month for day in dates])
    peak = sum((_peak(dates, *row) for row in _PEAKS), start=np.zeros(days))
    month, rest_days = _NATIONAL_DAYS
    national = np.array([_NATIONAL_SHARE if day.month == month and day.day <= rest_days else 1.0 for day in dates])
    table = np.empty((days, 3 * SEASONS))
    for kind in (COMPANY, SHOP, PERSON):
        base = _WEEKDAYS[kind][weekday] * _spring(dates, kind) * (1 + _PEAK_SHARES[kind] * peak) * national
        for season, own in enumerate(_SEASON_MONTHS):
            factor = np.where(np.isin(months, own), _IN_SEASON, _OUT_OF_SEASON) if own else 1.0
            table[:, kind * SEASONS + season] = base * factor
    return table


def strain(first: date, days: int) -> Floats:
    """The probability of lateness each day adds: high in the rush before Spring Festival and after 11.11."""
    dates = [first + timedelta(days=day) for day in range(days)]
    to_festival = _days_from_festival(dates)
    rush = np.interp(to_festival, (-25, -10, -2, 5, 10), (0.0, 0.06, 0.12, 0.05, 0.0))
    total: Floats = rush + 0.08 * _peak(dates, 11, 13, 1.0, 6, 7) + 0.03 * _peak(dates, 6, 19, 1.0, 6, 5)
    return total


def month_numbers(first: date, days: int) -> Ints:
    """Months since year 0 of each day."""
    return np.array([(day := first + timedelta(days=n)).year * 12 + day.month - 1 for n in range(days)])


def _spring(dates: list[date], kind: int) -> Floats:
    near, share = zip(*_SPRING[kind], strict=True)
    shares: Floats = np.interp(_days_from_festival(dates), near, share, left=1.0, right=1.0)
    return shares


def _days_from_festival(dates: list[date]) -> Ints:
    distances = np.array([[(day - festival).days for festival in SPRING_FESTIVAL.values()] for day in dates])
    nearest: Ints = distances[np.arange(len(dates)), np.abs(distances).argmin(axis=1)]
    return nearest


def _peak(dates: list[date], month: int, day: int, height: float, rise: int, fall: int) -> Floats:
    away = np.array([(when - date(when.year, month, day)).days for when in dates])
    shape: Floats = np.interp(away, (-rise, 0, fall), (0.0, 1.0, 0.0), left=0.0, right=0.0)
    return height * shape
