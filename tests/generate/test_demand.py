from datetime import date

import numpy as np
import pytest

from kehu.generate.calendar import HISTORY_DAYS, PERSON
from kehu.generate.demand import handovers
from kehu.generate.population import NEVER, populate

FIRST = date(2024, 6, 1)
PEOPLE = populate(3000, 5)


def everything(shipments: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    parts = list(handovers(PEOPLE, FIRST, shipments, 5, rows))
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(part.day.size == rows for part in parts[:-1])
    return np.concatenate([part.day for part in parts]), np.concatenate([part.sender for part in parts])


DAY, SENDER = everything(60_000, 60_000)


@pytest.mark.parametrize("shipments", [1, 2, 997])
def test_exactly_the_asked_number_is_handed_over(shipments: int) -> None:
    assert everything(shipments, 100)[0].size == shipments


@pytest.mark.parametrize("rows", [1_000, 7_777, 1 << 20])
def test_the_cut_into_blocks_changes_nothing(rows: int) -> None:
    day, sender = everything(60_000, rows)
    assert (day == DAY).all()
    assert (sender == SENDER).all()


def test_days_ascend_within_the_history() -> None:
    assert (np.diff(DAY) >= 0).all()
    assert (DAY[0], DAY[-1]) == (0, HISTORY_DAYS - 1)


def test_nobody_ships_before_the_start_and_few_after_leaving() -> None:
    assert (PEOPLE.start[SENDER] <= DAY).all()
    after = PEOPLE.churn[SENDER] <= DAY
    assert (PEOPLE.trickle[SENDER[after]] > 0).all()
    assert after.mean() < 0.01


def test_leavers_ship_less_and_less() -> None:
    leaves = PEOPLE.churn[SENDER] != NEVER
    left = (PEOPLE.churn[SENDER] - DAY)[leaves]
    last_month, quarter_before = ((left > 0) & (left <= 30)).sum(), ((left > 90) & (left <= 120)).sum()
    assert last_month < 0.6 * quarter_before


def test_spring_festival_is_quiet() -> None:
    festival = (date(2025, 1, 29) - FIRST).days
    by_day = np.bincount(DAY, minlength=HISTORY_DAYS)
    assert by_day[festival - 3 : festival + 7].mean() < 0.4 * np.median(by_day)


def test_companies_rest_on_sundays() -> None:
    weekday = np.array([(FIRST.toordinal() + day - 1) % 7 for day in DAY])  # ordinal 1 is a Monday
    firms = PEOPLE.kind[SENDER] != PERSON
    monday, sunday = ((weekday == index)[firms].sum() for index in (0, 6))
    assert sunday < 0.8 * monday
