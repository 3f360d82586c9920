"""Spellings of a text as identifiers, and the order of what it may mean."""

import pytest
from sqlalchemy import Connection, select

from kehu.reader.customers import customers_by_uid
from kehu.reader.lookup import Match, find_customers, spellings
from kehu.tables.facts import customers


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("nothing", "  ", {}),
        ("a phone", " 139 1234 0001", {"phone": "+8613912340001", "name_key": "13912340001"}),
        ("an e-mail", "A@B.cn", {"email": "a@b.cn", "name_key": "abcn"}),
        ("a tax code", "91350100m000100y43", {"tax_code": "91350100M000100Y43", "name_key": "91350100m000100y43"}),
        ("a company", "宏遠有限公司", {"name_key": "宏远"}),
    ],
)
def test_a_text_is_spelled_as_each_kind_it_may_be(_case: str, text: str, expected: dict[str, str]) -> None:
    plain = text.strip()
    always = {"uid": plain.lower(), "source_key": plain} if plain else {}
    assert spellings(text, "CN") == always | expected


def test_a_prefix_is_assumed_for_the_region_only() -> None:
    assert "phone" not in spellings("139 1234 0001", "US")
    assert spellings("+86 139 1234 0001", "US")["phone"] == "+8613912340001"


def test_the_surest_match_comes_first(connection: Connection) -> None:
    assert find_customers(connection, "K102", "CN", 10) == (Match(2, "source_key", "crm", "K102"),)
    assert find_customers(connection, "former-uid", "CN", 10) == (Match(1, "uid", None, "former-uid"),)
    both = (Match(1, "phone", None, "+8613912340001"), Match(2, "phone", None, "+8613912340001"))
    assert find_customers(connection, "13912340001", "CN", 10) == both
    assert find_customers(connection, "13912340001", "CN", 1) == both[:1]


def test_a_name_is_found_as_one_types_it(connection: Connection) -> None:
    shown = connection.execute(select(customers.c.name).where(customers.c.id == 1)).scalar_one()
    assert Match(1, "name", None, shown) in find_customers(connection, f" {shown} ", "CN", 10)
    assert find_customers(connection, f"{shown} and more", "CN", 10) == ()


def test_former_uids_lead_to_today_s_customer(connection: Connection) -> None:
    current = "00000000-0000-5000-8000-000000000001"
    found = customers_by_uid(connection, ["former-uid", current, "nobody"])
    assert {asked: customer.id for asked, customer in found.items()} == {"former-uid": 1, current: 1}
