"""Everybody's codes before and after, counted and weighed."""

import polars as pl

from kehu.rules.population import Cell, population

HEAVY = 2**62
PEOPLE = population(pl.DataFrame({"customer": [9, 2, 5, 4], "weight": [HEAVY, HEAVY, HEAVY, -1]}))
HOLDERS = pl.DataFrame({"customer": [4, 9, 77], "level": ["big", "small", "big"]})


def test_holders_are_places_in_the_order_of_ids_and_strangers_are_left_out() -> None:
    assert {code: places.tolist() for code, places in PEOPLE.holders(HOLDERS, "level").items()} == {
        "big": [1],
        "small": [3],
    }


def test_a_matrix_weighs_more_than_one_number_of_sixty_three_bits() -> None:
    nobody = PEOPLE.standings({}, ("big", "small"))
    now = PEOPLE.standings(PEOPLE.holders(HOLDERS, "level"), ("big", "small"))
    assert sorted(PEOPLE.cells(nobody, now, ("big", "small")), key=str) == [
        Cell(None, "big", 1, -1),
        Cell(None, "small", 1, HEAVY),
        Cell(None, None, 2, 2 * HEAVY),
    ]
    assert PEOPLE.weight(now > nobody) == 0
    assert PEOPLE.weight(nobody == 2) == 3 * HEAVY - 1


def test_the_heaviest_are_named_then_by_id() -> None:
    assert PEOPLE.heaviest(~PEOPLE.nobody(), 3) == (2, 5, 9)
    assert PEOPLE.heaviest(PEOPLE.nobody(), 3) == ()
