import numpy as np

from kehu.generate.dice import stream
from kehu.generate.tax_codes import ALPHABET, tax_codes


def check_character(code: str) -> str:
    """GB 32100-2015, by hand."""
    total = sum(ALPHABET.index(mark) * pow(3, place, 31) for place, mark in enumerate(code[:17]))
    return ALPHABET[(31 - total % 31) % 31]


def body_check(code: str) -> str:
    """GB 11714-1997, by hand."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(ALPHABET.index(mark) * weight for mark, weight in zip(code[8:16], weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def test_the_oracle_accepts_a_published_code() -> None:
    published = "91350100M000100Y43"  # the example of GB 32100-2015
    assert check_character(published) == published[17]
    assert body_check(published) == published[16]


def test_codes_are_valid_and_name_their_place_and_kind() -> None:
    places = np.array([440300, 310100] * 500)
    is_company = np.arange(1000) % 4 < 2
    codes = tax_codes(stream(1, "test"), places, is_company)
    assert codes.n_unique() == 1000
    for code, place, company in zip(codes, places, is_company, strict=True):
        assert code[:8] == f"9{1 if company else 2}{place}"
        assert (code[16], code[17]) == (body_check(code), check_character(code))


def test_no_customers_need_no_codes() -> None:
    assert tax_codes(stream(1, "test"), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)).to_list() == []
