import numpy as np
import polars as pl
import pytest

from kehu.generate.calendar import COMPANY, PERSON
from kehu.generate.dice import stream
from kehu.generate.naming import (
    CLEAN,
    MISSPELT,
    NO_PHONE,
    SECOND_PHONE,
    WRITTEN_OTHERWISE,
    directory,
    person_names,
    to_traditional,
)
from kehu.generate.population import populate
from kehu.generate.words import JUNK_PHONES

PEOPLE = populate(2000, 3)
BOOK = directory(PEOPLE, 3)
EVERYONE = np.arange(2000)


def test_everyone_has_a_name_and_a_mobile_in_clean_form() -> None:
    assert BOOK.name(EVERYONE, CLEAN).str.len_chars().min() == 2
    assert BOOK.phone(EVERYONE, CLEAN).str.contains(r"^1\d{10}$").all()


def test_companies_are_named_by_city_brand_trade_and_ending() -> None:
    names = BOOK.name(np.flatnonzero(PEOPLE.kind == COMPANY), CLEAN)
    assert names.str.contains("公司$").all()
    assert names.str.slice(0, 2).is_in(["深圳", "广州", "上海"]).any()


def test_few_customers_share_a_number() -> None:
    shared = 2000 - BOOK.phone(EVERYONE, CLEAN).n_unique()
    assert 0 < shared < 30


@pytest.mark.parametrize(
    ("_case", "variant", "same_names", "same_phones"),
    [
        ("written otherwise", WRITTEN_OTHERWISE, (0.0, 0.1), (0.0, 0.0)),
        ("a second number", SECOND_PHONE, (1.0, 1.0), (0.0, 0.0)),
        ("misspelt; some names are the same in both scripts", MISSPELT, (0.0, 0.15), (1.0, 1.0)),
        ("junk", NO_PHONE, (1.0, 1.0), (0.0, 0.0)),
    ],
)
def test_a_variant_differs_where_it_should(
    _case: str, variant: int, same_names: tuple[float, float], same_phones: tuple[float, float]
) -> None:
    names = (BOOK.name(EVERYONE, variant) == BOOK.name(EVERYONE, CLEAN)).to_numpy().mean()
    phones = (BOOK.phone(EVERYONE, variant) == BOOK.phone(EVERYONE, CLEAN)).to_numpy().mean()
    assert same_names[0] <= names <= same_names[1]
    assert same_phones[0] <= phones <= same_phones[1]


def test_junk_stands_where_there_is_no_phone() -> None:
    assert BOOK.phone(EVERYONE, NO_PHONE).is_in(JUNK_PHONES).all()


def test_misspelt_persons_keep_all_their_characters() -> None:
    persons = np.flatnonzero(PEOPLE.kind == PERSON)
    lengths = BOOK.name(persons, CLEAN).str.len_chars() == BOOK.name(persons, MISSPELT).str.len_chars()
    assert lengths.all()


def test_rare_characters_need_gb18030() -> None:
    names = "".join(person_names(stream(1, "test"), 500, rare=1.0))
    with pytest.raises(UnicodeEncodeError):
        names.encode("gbk")
    assert names.encode("gb18030").decode("gb18030") == names


def test_names_become_traditional() -> None:
    assert to_traditional(pl.Series(["广东华丰电子", "汉"])).to_list() == ["廣東華豐電子", "漢"]
    assert to_traditional(pl.Series([], dtype=pl.String)).to_list() == []


def test_a_seed_gives_the_same_names() -> None:
    again = directory(PEOPLE, 3)
    assert again.names.equals(BOOK.names)
    assert again.phones.equals(BOOK.phones)
    assert not directory(PEOPLE, 4).names.equals(BOOK.names)
