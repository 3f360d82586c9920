"""Addresses to house number and street: each rule a row."""

import polars as pl
import pytest

from kehu.identity.addresses import address_key, address_keys


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("capitals", "4846 N SHERIDAN ", "4846 sheridan"),
        ("points and a kind of street", "4846 N. Sheridan Rd", "4846 sheridan"),
        ("a floor", "10001 South Woodlawn Avenue First Floor", "10001 woodlawn"),
        ("a suite", "33 West Monroe Street, Suite 2400", "33 monroe"),
        ("a street that is called a direction", "2345 w north ave", "2345 north"),
        ("a saint, written out or not", "5534 s saint louis ave", "5534 st louis"),
        ("a number parted from its ending", "2850 w 24 th blvd", "2850 24th"),
        ("a range of houses", "723-725 E 75th St", "723 75th"),
        ("a box", "P.O. Box 1128\nLake Villa", "box 1128"),
        ("the town behind", "27 Washington Oak Park IL 60302", "27 washington"),
        ("the number behind", "Obere Str. 57", "57 obere"),
        ("letters with marks", "Berguvsvägen  8", "8 berguvsvagen"),
        ("a Romance street", "Rua do Mercado, 12", "12 mercado"),
        ("a Chinese house", "上海市浦东新区张江路88号3楼", "张江路88"),
        ("a Chinese lane", "张江路88弄2号", "张江路88"),
        ("full-width digits", "张江路８８号", "张江路88"),
        ("no number", "Lake Villa", None),
        ("no street", "60302", None),
        ("a Chinese town alone", "上海市浦东新区", None),
        ("nothing", "", None),
        ("a megabyte of nothing", "- " * 500_000, None),
    ],
)
def test_an_address_in_one_form(_case: str, text: str, expected: str | None) -> None:
    assert address_key(text) == expected


def test_addresses_in_bulk_stay_aligned() -> None:
    assert address_keys(pl.Series(["1 Main St", None, "无", "1 Main St"])).to_list() == ["1 main", None, None, "1 main"]
