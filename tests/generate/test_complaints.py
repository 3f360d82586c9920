from datetime import date

import numpy as np
import pytest

from kehu.generate.accounts import open_accounts
from kehu.generate.columns import DAY_SECONDS, day_number
from kehu.generate.complaints import DELAY, LOSS, Grievances, arising, joined
from kehu.generate.parcels import LOST, network, parcels
from kehu.generate.population import TROUBLE_DAYS, populate

FIRST = date(2024, 6, 1)
NOW = (day_number(FIRST) + 730) * DAY_SECONDS
PEOPLE = populate(3000, 5)
BLOCK = next(iter(parcels(network(PEOPLE, open_accounts(PEOPLE, 5), FIRST, 5), 200_000)))
FOUND = arising(BLOCK, PEOPLE, NOW, 5)


def complained() -> np.ndarray:
    flags = np.zeros(BLOCK.sender.size, dtype=np.bool_)
    flags[FOUND.row] = True
    return flags


def test_late_parcels_draw_most_complaints() -> None:
    late, on_time = complained()[BLOCK.is_late].mean(), complained()[~BLOCK.is_late].mean()
    assert late > 15 * on_time


def test_most_losses_are_reported_as_such() -> None:
    lost = BLOCK.status == LOST
    assert 0.45 < complained()[lost].mean() < 0.8
    assert (FOUND.category[BLOCK.status[FOUND.row] == LOST] == LOSS).all()


def test_leavers_complain_more_in_their_last_months() -> None:
    left = PEOPLE.churn[BLOCK.sender] - BLOCK.day
    troubled = (left > 0) & (left < TROUBLE_DAYS)
    assert complained()[troubled].mean() > 3 * complained()[left > 300].mean()


def test_complaints_are_opened_after_their_cause_and_before_the_end() -> None:
    assert (FOUND.opened < NOW).all()
    of_delay = FOUND.category == DELAY
    late = of_delay & BLOCK.is_late[FOUND.row]
    assert (FOUND.opened > BLOCK.promised[FOUND.row])[late].all()
    assert (FOUND.opened > BLOCK.accepted[FOUND.row]).all()


def test_shipper_or_consignee_calls() -> None:
    by_sender = FOUND.customer == BLOCK.sender[FOUND.row]
    assert by_sender.mean() == pytest.approx(0.65, abs=0.04)
    assert (FOUND.customer[~by_sender] == BLOCK.receiver[FOUND.row][~by_sender]).all()
    assert (FOUND.account[~by_sender] == -1).all()


def grievance(row: int, opened: int) -> Grievances:
    one = np.array([1])
    return Grievances(np.array([row]), one, one, one, one, np.array([opened]), one)


def test_complaints_are_joined_in_order_of_opening_then_parcel() -> None:
    together = joined([grievance(5, 20), grievance(9, 10), grievance(4, 20)])
    assert together.row.tolist() == [9, 4, 5]


def test_no_parcels_bring_no_complaints() -> None:
    assert len(joined([])) == 0
