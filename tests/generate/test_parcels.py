from datetime import date

import numpy as np
import polars as pl
import pytest

from kehu.generate import places
from kehu.generate.accounts import open_accounts
from kehu.generate.columns import DAY_SECONDS, NO_INSTANT, day_number
from kehu.generate.parcels import (
    CANCELLED,
    DELIVERED,
    IN_TRANSIT,
    LOST,
    RECEIVER_PAYS,
    RETURNED,
    SENDER_PAYS,
    THIRD_PAYS,
    Parcels,
    network,
    parcels,
)
from kehu.generate.population import POTENTIAL, PROSPECT, populate
from kehu.generate.tariff import FREIGHT, SAME_CITY

FIRST = date(2024, 6, 1)
NOW = (day_number(FIRST) + 730) * DAY_SECONDS
PEOPLE = populate(3000, 5)
ACCOUNTS = open_accounts(PEOPLE, 5)
NET = network(PEOPLE, ACCOUNTS, FIRST, 5)
BLOCK: Parcels = next(iter(parcels(NET, 60_000)))


def test_all_parcels_fit_one_block() -> None:
    assert (BLOCK.number, BLOCK.start, BLOCK.sender.size) == (0, 0, 60_000)


def test_acceptance_ascends_within_the_day_of_handover() -> None:
    assert (np.diff(BLOCK.accepted) >= 0).all()
    assert (BLOCK.accepted // DAY_SECONDS - day_number(FIRST) == BLOCK.day).all()


def test_a_promise_comes_after_acceptance() -> None:
    assert (BLOCK.promised > BLOCK.accepted).all()
    in_city = BLOCK.service == SAME_CITY
    assert set((BLOCK.promised - BLOCK.accepted)[in_city]) == {8 * 3600}
    assert set(BLOCK.promised[~in_city] % DAY_SECONDS) == {20 * 3600}


def test_delivered_parcels_arrive_after_acceptance_and_before_the_end() -> None:
    is_delivered = BLOCK.status == DELIVERED
    assert (BLOCK.delivered[~is_delivered] == NO_INSTANT).all()
    assert (BLOCK.delivered > BLOCK.accepted)[is_delivered].all()
    assert BLOCK.delivered.max() < NOW
    assert (BLOCK.is_late == (is_delivered & (BLOCK.delivered > BLOCK.promised))).all()


@pytest.mark.parametrize(
    ("_case", "status", "least", "most"),
    [
        ("delivered", DELIVERED, 0.96, 0.98),
        ("in transit", IN_TRANSIT, 0.001, 0.01),
        ("returned", RETURNED, 0.009, 0.013),
        ("lost", LOST, 0.0006, 0.002),
        ("cancelled", CANCELLED, 0.006, 0.010),
    ],
)
def test_fates_have_their_shares(_case: str, status: int, least: float, most: float) -> None:
    assert least < (BLOCK.status == status).mean() < most


def test_parcels_of_leavers_come_late_in_their_last_months() -> None:
    left = PEOPLE.churn[BLOCK.sender] - BLOCK.day
    troubled = (left > 0) & (left < 60)
    assert BLOCK.is_late[troubled].mean() > 2 * BLOCK.is_late[left > 200].mean()


def test_prospects_and_potentials_neither_send_nor_receive() -> None:
    quiet = (PROSPECT, POTENTIAL)
    assert not np.isin(PEOPLE.role[BLOCK.sender], quiet).any()
    assert not np.isin(PEOPLE.role[BLOCK.receiver], quiet).any()


def test_many_receivers_are_shippers_too_and_nobody_sends_to_himself() -> None:
    assert 0.3 < np.isin(BLOCK.receiver, BLOCK.sender).mean() < 0.9
    assert (BLOCK.receiver != BLOCK.sender).all()


def test_receivers_come_again() -> None:
    lanes = np.unique(np.stack((BLOCK.sender, BLOCK.receiver)), axis=1).shape[1]
    assert lanes < 0.6 * BLOCK.sender.size


def test_a_single_customer_sends_to_himself() -> None:
    alone = populate(1, 1)
    block = next(iter(parcels(network(alone, open_accounts(alone, 1), FIRST, 1), 5)))
    assert (block.sender.tolist(), block.receiver.tolist()) == ([0] * 5, [0] * 5)


def test_who_pays_follows_the_way_of_payment() -> None:
    payer = {SENDER_PAYS: BLOCK.sender, RECEIVER_PAYS: BLOCK.receiver}
    for payment, expected in payer.items():
        chosen = BLOCK.payment == payment
        assert (BLOCK.payer[chosen] == expected[chosen]).all()
    third = BLOCK.payer[BLOCK.payment == THIRD_PAYS]
    assert (ACCOUNTS.first[third] >= 0).all()


def test_accounts_on_waybills_are_the_shippers() -> None:
    written = BLOCK.account >= 0
    assert (ACCOUNTS.owner[BLOCK.account[written]] == BLOCK.sender[written]).all()
    assert 0.6 < written.mean() < 0.92


def test_same_city_service_stays_in_the_city() -> None:
    in_city = BLOCK.service == SAME_CITY
    assert in_city.any()
    assert (PEOPLE.city[BLOCK.sender] == PEOPLE.city[BLOCK.receiver])[in_city].all()


def test_cancelled_parcels_cost_nothing_and_large_customers_pay_less() -> None:
    cancelled = BLOCK.status == CANCELLED
    assert BLOCK.revenue[cancelled].sum() == BLOCK.cost[cancelled].sum() == 0
    assert (BLOCK.revenue[~cancelled] > 0).all()
    margin = pl.DataFrame({"size": PEOPLE.size[BLOCK.sender], "revenue": BLOCK.revenue, "cost": BLOCK.cost})
    by_size = margin.group_by("size").agg(pl.col("cost").sum() / pl.col("revenue").sum()).sort("size")["cost"]
    assert by_size.is_sorted()
    assert by_size[-1] > by_size[0]


def test_freight_is_heavy_and_in_several_pieces() -> None:
    freight = BLOCK.service == FREIGHT
    assert BLOCK.grams[freight].mean() > 50 * BLOCK.grams[~freight].mean()
    assert BLOCK.pieces[freight].min() == 2
    assert set(BLOCK.pieces[~freight]) == {1, 2}


def test_zones_are_the_same_both_ways() -> None:
    zone = places.zones()
    names = [city.name for city in places.CITIES]
    index = {name: names.index(name) for name in ("深圳市", "广州市", "武汉市", "北京市")}
    assert (zone == zone.T).all()
    row = zone[index["深圳市"]]
    assert [row[index[name]] for name in index] == [0, 1, 2, 3]
