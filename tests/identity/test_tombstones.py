"""What names a person in a raw row, found for all texts at once."""

import pytest

from kehu.identity.tombstones import account, cells_of, met_by_texts

NAMED = {
    "13800138001": [("phone", "+8613800138001")],
    "Li.Na@Example.com": [("email", "li.na@example.com")],
    "91350100M000100Y43": [("tax_code", "91350100M000100Y43")],
    "hello": [],
}


def test_each_text_meets_what_it_could_be() -> None:
    assert met_by_texts(list(NAMED), "CN") == NAMED


def test_no_text_meets_nothing() -> None:
    assert met_by_texts([], "CN") == {}


@pytest.mark.parametrize(
    ("_case", "row", "cells"),
    [
        ("texts of an object, not numbers or empty ones", '{"a": "x", "b": 3, "c": "", "d": null}', ["x"]),
        ("a row that was sealed before", '{"digest": "ab"}', ["ab"]),
        ("a line that is no object", "a,b,c", []),
    ],
)
def test_cells_are_the_texts_of_a_row(_case: str, row: str, cells: list[str]) -> None:
    assert cells_of(row) == cells


def test_an_account_is_of_its_system() -> None:
    assert account("crm", "7") != account("cr", "m7")
