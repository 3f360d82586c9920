import numpy as np
import pytest

from kehu.generate.calendar import COMPANY, HISTORY_DAYS, PERSON, SHOP
from kehu.generate.population import (
    ACCOUNT,
    LARGE,
    MEDIUM,
    NEVER,
    NO_SIZE,
    POTENTIAL,
    PROSPECT,
    RECEIVER,
    SMALL,
    WALK_IN,
    late_rate,
    populate,
)

PEOPLE = populate(50_000, 11)


@pytest.mark.parametrize(
    ("_case", "kind", "share"), [("companies", COMPANY, 0.33), ("shops", SHOP, 0.22), ("persons", PERSON, 0.45)]
)
def test_kinds_have_their_shares(_case: str, kind: int, share: float) -> None:
    assert (PEOPLE.kind == kind).mean() == pytest.approx(share, abs=0.01)


def test_only_shippers_have_a_size() -> None:
    assert ((PEOPLE.size == NO_SIZE) == np.isin(PEOPLE.role, (RECEIVER, PROSPECT, POTENTIAL))).all()
    assert ((PEOPLE.role == WALK_IN) & (PEOPLE.size == LARGE)).sum() == 0


def test_larger_sizes_ship_more() -> None:
    small, medium, large = (np.median(PEOPLE.rate[PEOPLE.size == size]) for size in (SMALL, MEDIUM, LARGE))
    assert small < medium / 5 < large / 25


def test_volume_is_heavy_tailed() -> None:
    rates = np.sort(PEOPLE.rate)[::-1]
    assert 0.3 < rates[: rates.size // 100].sum() / rates.sum() < 0.7


def test_project_customers_have_accounts_and_size() -> None:
    project = PEOPLE.is_project
    assert project.any()
    assert (PEOPLE.role[project] == ACCOUNT).all()
    assert (PEOPLE.size[project] >= MEDIUM).all()


def test_leavers_leave_within_the_history_after_they_began() -> None:
    leaves = PEOPLE.churn != NEVER
    assert 0.1 < leaves[PEOPLE.ships].mean() < 0.2
    assert not leaves[~PEOPLE.ships].any()
    assert (PEOPLE.churn[leaves] > PEOPLE.start[leaves]).all()
    assert PEOPLE.churn[leaves].max() < HISTORY_DAYS


@pytest.mark.parametrize("seed", range(20))
def test_the_first_customer_always_ships(seed: int) -> None:
    lonely = populate(1, seed)
    assert lonely.ships.tolist() == [True]
    assert lonely.rate[0] > 0
    assert lonely.start[0] < 0
    assert lonely.churn[0] == NEVER


def test_lateness_rises_before_a_customer_leaves() -> None:
    leaver = np.flatnonzero(PEOPLE.churn != NEVER)[:1]
    days = PEOPLE.churn[leaver] - np.array([200, 120, 60, 0])
    rates = late_rate(PEOPLE, leaver.repeat(4), days)
    usual = PEOPLE.late[leaver[0]]
    assert rates == pytest.approx([usual, usual, usual + 0.14, usual + 0.28])
