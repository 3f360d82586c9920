"""Features of every type with the values that break a naive translation, and rows of them."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Schema

AS_OF = datetime(2024, 2, 29, 13, 37, 5, 250_001, tzinfo=UTC)
PLAIN = {
    "i1": FeatureType("integer", digits=6), "i2": FeatureType("integer"),
    "d1": FeatureType("decimal", scale=2, digits=9), "d2": FeatureType("decimal", scale=3),
    "f1": FeatureType("float"), "s1": FeatureType("string"), "b1": FeatureType("boolean"), "t1": FeatureType("instant"),
    "k1": FeatureType("string", words=("", "a", "abc", "VIP", "ß")),
}  # fmt: skip
SCHEMA: Schema = PLAIN | {
    **{f"{name[0]}n1": replace(kind, nullable=True) for name, kind in PLAIN.items() if name.endswith("1")},
    "l2": FeatureType("strings"),
    "w2": FeatureType("integers", digits=6),
}

INTEGERS = (0, 0, 1, -1, 2, 3, -3, 5, 7, -7, 10, 100, -250, 333, 999_999, -999_999)
LARGE = (*INTEGERS, 10**15 - 1, -(10**15) + 1, 123_456_789_012_345, 2**31, -(2**31) - 1)
FLOATS = (
    0.0, -0.0, 0.1, 0.3, 0.30000000000000004, -2.5, 1.0, 3.0, 7.0, 1e-9, 123456.789, 2.9999999999999996, -1.0,
    0.005, 1e15, 9007199254740993.0, 1e300, 5e-324,
)  # fmt: skip
TEXTS = (
    "", "a", "abc", "abc\n", "ABC", "VIP 客户", "ß", "Maß", "e\u0301 VIP", "北京", "a1 b2", "0", "x_y", "İ", "ab\x1cc",
    "\n", "a\nb", "abc\r\n", "b\u2028", "\u0660\u0661", "\u00b2", "ΑΣ", "ŉ\u0345", "👍🏽 ok", " a ", "a.b$", "ＶＩＰ",
    "\x00", "aaa", "cab", "\x1c \x1f\x1d",
)  # fmt: skip
INSTANTS = (
    AS_OF,
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2024, 3, 3, 23, 59, 59, 999_999, tzinfo=UTC),  # a Sunday
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 28, 1, 2, 3, 4, tzinfo=UTC),  # a Sunday before the epoch
    datetime(2023, 12, 31, 12, 0, 1, tzinfo=UTC),
    datetime(2023, 12, 1, 13, 37, 5, 250_001, tzinfo=UTC),  # 90 days before AS_OF
    datetime(2099, 7, 5, 6, 7, 8, 9, tzinfo=UTC),
    datetime(1900, 3, 1, tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
TEXT_LISTS = (
    (),
    (),
    ("a",),
    ("a", "b", "abc"),
    ("abc", "ABC", "ß"),
    ("", "a"),
    ("b\n", "", "b\n", "ab"),
    ("北京",) * 4,
)
WHOLE_LISTS = ((), (), (0,), (1, 2, 3), (-7, 7, 0), (2, 2), (999_999,) * 3, (-999_999, 5, 100, 3), (0, 0, 1))
VALUES: dict[str, tuple[object, ...]] = {
    "i1": INTEGERS, "i2": LARGE, "d1": (*INTEGERS, 33_333, 250, -1005, 999_999_999), "d2": (*LARGE, 100_500, 2_500),
    "f1": FLOATS, "s1": TEXTS, "b1": (True, False), "t1": INSTANTS,
    "k1": PLAIN["k1"].words, "l2": TEXT_LISTS, "w2": WHOLE_LISTS,
}  # fmt: skip
NULLS = 0.25


def feature_rows(dice: random.Random, count: int) -> pl.DataFrame:
    """Rows of SCHEMA; a quarter of what may be null is null."""
    return pl.DataFrame([_column(dice, name, kind, count) for name, kind in SCHEMA.items()])


def _column(dice: random.Random, name: str, kind: FeatureType, count: int) -> pl.Series:
    values = VALUES[name.replace("n1", "1")]
    cells = [None if kind.nullable and dice.random() < NULLS else dice.choice(values) for _ in range(count)]
    return pl.Series(name, cells, dtype=POLARS_TYPES[kind.kind])
