"""Normalised forms: each rule a table with cases."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.identity.identifiers import email_key, tax_code_key, tax_code_keys
from kehu.identity.names import name_key, name_keys, search_text, simplified
from kehu.identity.phones import phone_key, phone_keys


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a plain mobile", "13912341234", "+8613912341234"),
        ("with dashes", "139-1234-1234", "+8613912341234"),
        ("with the country code", "+86 139 1234 1234", "+8613912341234"),
        ("with the country code dialled", "0086139 1234 1234", "+8613912341234"),
        ("in full-width digits", "１３９１２３４１２３４", "+8613912341234"),
        ("a landline", "021-62345678", "+862162345678"),
        ("a landline in brackets", "(021) 6234 5678", "+862162345678"),
        ("an extension is left out", "021-62345678转801", "+862162345678"),
        ("an American number is not a Chinese mobile", "+1 310 253 0123", "+13102530123"),
        ("the number nobody has", "13800138000", None),
        ("zeros", "00000000000", None),
        ("a mobile of one digit", "13333333333", "+8613333333333"),
        ("a word", "无", None),
        ("nothing", "", None),
        ("too short", "12345", None),
    ],
)
def test_a_chinese_phone_in_one_form(_case: str, text: str, expected: str | None) -> None:
    assert phone_key(text, "CN") == expected


@pytest.mark.parametrize(
    ("_case", "text", "region", "expected"),
    [
        ("an American number without a prefix", "(206) 555-9857", "US", "+12065559857"),
        ("a British one", "(171) 555-7788", "GB", None),
        ("eleven digits are no Chinese mobile elsewhere", "13912341234", "US", None),
        ("but with the country code they are", "+8613912341234", "US", "+8613912341234"),
    ],
)
def test_a_phone_belongs_to_its_region(_case: str, text: str, region: str, expected: str | None) -> None:
    assert phone_key(text, region) == expected


def test_phones_in_bulk_stay_aligned() -> None:
    texts = pl.Series(["13912341234", None, "无", "021-62345678"])
    assert phone_keys(texts, "CN").to_list() == ["+8613912341234", None, None, "+862162345678"]


def test_a_phone_key_is_its_own_key() -> None:
    key = phone_key("139 1234 1234", "CN")
    assert key is not None
    assert phone_key(key, "CN") == key


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a limited company", "上海顺达物流有限公司", "上海顺达物流"),
        ("another legal form", "上海顺达物流有限责任公司", "上海顺达物流"),
        ("traditional characters", "上海順達物流有限公司", "上海顺达物流"),
        ("spaces inside", "上海 顺达 物流 有限公司", "上海顺达物流"),
        ("full-width letters", "ＡＢＣ有限公司", "abc"),
        ("a leading city with its word", "上海市顺达物流有限公司", "上海顺达物流"),
        ("a city in brackets", "顺达物流（上海）有限公司", "上海顺达物流"),
        ("a city in brackets with its word", "顺达物流(上海市)有限公司", "上海顺达物流"),
        ("a word that only looks like a city", "城市之光书店", "城市之光书店"),
        ("a branch is not its parent", "上海顺达物流（苏州）分公司", "上海顺达物流苏州分公司"),
        ("Latin forms as words", "ABC Co., Ltd.", "abc"),
        ("several Latin forms", "Abc GmbH & Co. KG", "abc"),
        ("a Latin form inside a word", "Coco", "coco"),
        ("a form alone stays", "公司", "公司"),
        ("punctuation alone is no name", "--", None),
        ("nothing", "", None),
    ],
)
def test_a_name_in_one_form(_case: str, text: str, expected: str | None) -> None:
    assert name_key(text) == expected


def test_names_in_bulk_stay_aligned() -> None:
    names = pl.Series(["順達公司", None, "a\n b", "順達公司"])
    assert name_keys(names).to_list() == ["顺达", None, "ab", "顺达"]


def test_simplifying_keeps_nulls_and_latin() -> None:
    assert simplified(pl.Series(["Zürich", None, "臺灣"])).to_list() == ["Zürich", None, "台湾"]


def test_search_text_is_lower_case_half_width_and_simplified() -> None:
    assert search_text(pl.Series(["ＡＢＣ 順達"])).to_list() == ["abc 顺达"]


@given(st.lists(st.none() | st.text(max_size=12), max_size=20))
def test_names_in_bulk_are_names_one_by_one(names: list[str | None]) -> None:
    expected = [None if name is None else name_key(name) for name in names]
    assert name_keys(pl.Series(names, dtype=pl.String)).to_list() == expected


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("capitals and spaces", " Info@Example.COM ", "info@example.com"),
        ("full width", "ｉｎｆｏ@example.com", "info@example.com"),
        ("no domain", "info@", None),
        ("no dot", "info@localhost", None),
        ("two signs", "a@b@example.com", None),
    ],
)
def test_an_address_in_one_form(_case: str, text: str, expected: str | None) -> None:
    assert email_key(text) == expected


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a right code", "91350100M000100Y43", "91350100M000100Y43"),
        ("small letters and spaces", "91350100m000100y43 ", "91350100M000100Y43"),
        ("a wrong check character", "91350100M000100Y44", None),
        ("a letter codes never have", "91350100I000100Y43", None),
        ("too short", "91350100M000100Y4", None),
    ],
)
def test_a_tax_code_is_checked(_case: str, text: str, expected: str | None) -> None:
    assert tax_code_key(text) == expected


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_exactly_one_check_character_is_right(stem: str) -> None:
    codes = pl.Series([stem + last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY"])
    assert tax_code_keys(codes).drop_nulls().len() == 1
