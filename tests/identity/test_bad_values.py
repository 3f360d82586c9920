"""Whatever stands in a field, records are resolved: long texts, control characters, values that everybody shares."""

import polars as pl
import pytest

from kehu.identity.resolve import normalised, resolve
from kehu.identity.rules import IdentityRules, KeyRule, Values

RULES = IdentityRules(
    (
        KeyRule("tax_code", "tax_code", "any"),
        KeyRule("phone_and_name", "phone", "same"),
        KeyRule("email_and_name", "email", "same"),
        KeyRule("phone_and_like_name", "phone", "like", 0.5, ("address",)),
        KeyRule("address_and_like_name", "address", "like", 0.5),
    ),
    {"tax_code": Values(per_customer=1), "phone": Values(names=20)},
)
FIELDS = ("name", "phone", "phone_2", "email", "tax_code", "address")
MEGABYTE = 2**20
NAMES = ("origin", "system", "key", "reference_system", "reference_key", "same_as_system", "same_as_key")


def records(columns: dict[str, list[str]]) -> pl.DataFrame:
    """Normalised rows of one customer list; fields that are not given are null."""
    count = len(next(iter(columns.values())))
    said = {"origin": ["file"] * count, "system": ["crm"] * count, "key": [str(n) for n in range(count)]} | columns
    nulls = {name: [None] * count for name in (*FIELDS, *NAMES) if name not in said}
    texts = pl.DataFrame(said | nulls, schema_overrides=dict.fromkeys((*FIELDS, *NAMES), pl.String))
    return normalised(texts.with_columns(id=pl.int_range(count)), "CN")


def customers(frame: pl.DataFrame) -> int:
    """How many customers the records are."""
    return resolve(frame, RULES).customers["uid"].n_unique()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("letters", "a" * MEGABYTE),
        ("Chinese characters", "顺" * (MEGABYTE // 3)),
        ("digits", "1" * MEGABYTE),
        ("blanks", " " * MEGABYTE),
        ("words", "1 main st " * (MEGABYTE // 10)),
        ("brackets", "(" * MEGABYTE),
        ("an address without end", "a@" * (MEGABYTE // 2)),
    ],
)
def test_a_value_of_a_megabyte_is_taken(_case: str, field: str, text: str) -> None:
    frame = records(
        {field: [text, text, "13912341234"], "name": [text, text, "李静"]} if field != "name" else {field: [text] * 2}
    )
    assert 1 <= customers(frame) <= len(frame)


@pytest.mark.parametrize("field", FIELDS)
def test_control_characters_are_no_part_of_a_key(field: str) -> None:
    strange = "".join(chr(code) for code in (*range(1, 32), 127, 0x85, 0x200B, 0x202E, 0xFEFF))
    frame = records({field: [strange, strange + strange]})
    assert frame[f"{field}_key"].to_list() == [None, None]
    assert customers(frame) == 2


def test_a_mark_between_parts_of_a_key_makes_no_other_key() -> None:
    frame = records({"name": ["bc", "c"], "email": ["x@a.cn", "x@a.cn\x1fb"]})
    assert customers(frame) == 2


@pytest.mark.parametrize(
    ("_case", "names", "expected"),
    [("every record has another name", 100_000, 100_000), ("they have two names", 2, 2)],
)
def test_a_phone_that_a_hundred_thousand_records_share(_case: str, names: int, expected: int) -> None:
    count = 100_000
    said = [f"{chr(0x4E00 + n % names % 5000)}{chr(0x5E00 + n % names // 5000)}" for n in range(count)]
    addresses = [f"{n} Main St" for n in range(count)]
    assert customers(records({"name": said, "phone": ["13912341234"] * count, "address": addresses})) == expected
