"""A customer's place among others: a dictionary as the oracle, dense ids and sparse ones."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.rules.places import places_of

IDS = st.integers(-20, 60) | st.integers(-(10**15), 10**15)


@given(known=st.lists(IDS, unique=True), wanted=st.lists(IDS))
def test_a_place_is_where_the_customer_stands(known: list[int], wanted: list[int]) -> None:
    asked = wanted + known[::-1]
    places, there = places_of(pl.Series(asked, dtype=pl.Int64), pl.Series(known, dtype=pl.Int64))
    stands = {customer: place for place, customer in enumerate(known)}
    assert there.tolist() == [customer in stands for customer in asked]
    assert [place for place, found in zip(places.tolist(), there, strict=True) if found] == [
        stands[customer] for customer in asked if customer in stands
    ]


@pytest.mark.parametrize(
    ("_case", "known"),
    [("dense", [5, 3, 4]), ("gaps", [1, 9, 20]), ("sparse", [1, 9, 10_000]), ("one", [7]), ("none", [])],
)
def test_neighbours_of_the_known_are_not_there(_case: str, known: list[int]) -> None:
    beside = sorted({id_ + step for id_ in known for step in (-1, 1)} - set(known))
    _, there = places_of(pl.Series(beside, dtype=pl.Int64), pl.Series(known, dtype=pl.Int64))
    assert not there.any()
