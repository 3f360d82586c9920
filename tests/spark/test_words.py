"""Constants come through Spark's parser as they were written, however strange."""

import polars as pl
import pytest

from kehu.spark.sessions import Spark
from kehu.spark.words import literal


@pytest.mark.parametrize(
    "value",
    [
        "it's", 'say "no"', "back\\slash", "\\u0041", "${spark.master} {x} :y ? `z` %_", "line\nbreak\ttab\r",
        "-- no /* x */", "冷链 → 北京", "😀 é e\u0301", "", " ", "\x01\x7f\u2028", True, False,
        0, -1, 2**63 - 1, -(2**63 - 1), 0.1, -1e-300, 1e300,
    ],
)  # fmt: skip
def test_a_constant_is_what_it_was(spark: Spark, value: object) -> None:
    assert spark.frame(f"SELECT {literal(value)} AS x").rows() == [(value,)]


def test_a_wide_number_is_whole(spark: Spark) -> None:
    found = spark.frame(f"SELECT {literal(10**27 + 1)} AS x")["x"]
    assert found.cast(pl.String()).to_list() == ["1000000000000000000000000001"]


def test_null_is_a_constant(spark: Spark) -> None:
    assert spark.frame(f"SELECT {literal(None)} IS NULL AS x").rows() == [(True,)]


def test_other_objects_are_none() -> None:
    with pytest.raises(TypeError, match="no constant of Spark"):
        literal(b"x")
