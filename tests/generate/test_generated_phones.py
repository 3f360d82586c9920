import re
import unicodedata

import numpy as np
import phonenumbers
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.generate import places
from kehu.generate.dice import stream
from kehu.generate.phones import in_style, junk, landlines, mobiles, written

STYLES = 11


@given(st.integers(0, 2**60), st.sets(st.integers(0, 3_999_999_978), min_size=2, max_size=50))
def test_different_slots_never_share_a_mobile(seed: int, slots: set[int]) -> None:
    numbers = mobiles(seed, np.array(sorted(slots)))
    assert numbers.n_unique() == len(slots)
    assert all(re.fullmatch(r"1\d{10}", number) for number in numbers)


def test_mobiles_are_valid_chinese_numbers() -> None:
    for number in mobiles(1, np.arange(300)):
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")), number


@pytest.mark.parametrize(
    ("_case", "style", "expected"),
    [
        ("plain", 0, "13912345678"),
        ("dashes", 1, "139-1234-5678"),
        ("spaces", 2, "139 1234 5678"),
        ("country code and space", 3, "+86 13912345678"),
        ("country code", 4, "+8613912345678"),
        ("international prefix", 5, "008613912345678"),
        ("country code and dashes", 6, "+86-139-1234-5678"),
        ("brackets", 7, "(+86)13912345678"),
        ("bare country code", 8, "8613912345678"),
        ("stray spaces", 9, " 13912345678  "),
        ("full-width digits", 10, "".join(chr(0xFF10 + int(digit)) for digit in "13912345678")),
    ],
)
def test_a_mobile_is_written_in_a_style(_case: str, style: int, expected: str) -> None:
    assert in_style(pl.Series(["13912345678"]), np.array([style])).to_list() == [expected]


@given(st.lists(st.integers(0, STYLES - 1), max_size=30))
def test_every_style_keeps_the_eleven_digits(styles: list[int]) -> None:
    plain = mobiles(5, np.arange(len(styles)))
    shown = in_style(plain, np.array(styles, dtype=np.int64))
    digits = [re.sub(r"\D", "", unicodedata.normalize("NFKC", text))[-11:] for text in shown]
    assert digits == plain.to_list()


def test_a_share_of_numbers_is_written_otherwise() -> None:
    plain = mobiles(5, np.arange(20_000))
    changed = written(stream(1, "test"), plain, noisy=0.25) != plain
    assert changed.mean() == pytest.approx(0.25, abs=0.01)
    assert (written(stream(1, "test"), plain, noisy=0.0) == plain).all()


def test_landlines_carry_their_citys_code_and_length() -> None:
    city = np.arange(len(places.CITIES)).repeat(20)
    for number, index in zip(landlines(1, np.arange(city.size), city), city, strict=True):
        place = places.CITIES[index]
        assert re.fullmatch(rf"{place.area}-[2-8]\d{{{place.digits - 1}}}([-转]8\d\d)?", number), number


def test_junk_is_never_a_customers_number() -> None:
    drawn = set(junk(stream(1, "test"), 500))
    assert {"13800138000", "00000000000", "无", ""} <= drawn
    assert drawn.isdisjoint(mobiles(1, np.arange(100_000)))
