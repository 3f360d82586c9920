"""Columns before an engine is chosen: what they hold, and how they are made."""

from typing import Any

import polars as pl
import pytest

from kehu.rules.columns import Column, col, concat_str, lit, made, when
from kehu.rules.polars_engine import POLARS

FRAME = pl.DataFrame({"a": [-7, 2], "s": ["abc", ""]})


class Counting:
    """Makes nothing and notes what it was asked for."""

    name = "none"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def made(self, column: Column, parts: tuple[Any, ...]) -> str:
        self.asked.append(column.call)
        return f"{column.call}({', '.join(map(str, parts))})" if len(self.asked) < 10 else ""


@pytest.mark.parametrize(
    ("_case", "column", "expected"),
    [
        ("arithmetic from both sides", 1 - (2 * col("a") + 3) // 2, [7, -2]),
        ("a quotient", 1 / (col("a") + 0.5), [1 / -6.5, 1 / 2.5]),
        ("a remainder, a sign", -(col("a") % 3), [-2, -2]),
        ("comparisons joined", (col("a") < 0) & (col("a") != -6) | (col("a") == 3), [True, False]),
        ("one of two, denied", ~((col("a") > 0) ^ (col("a") >= 2)), [True, True]),
        ("a choice", when(col("a") <= 0).then(0).otherwise(col("a")), [0, 2]),
        ("a constant with its type", lit(1, dtype=pl.Int64) + col("a"), [-6, 3]),
        ("methods behind a word", concat_str(col("s").str.to_uppercase(), lit("!")), ["ABC!", "!"]),
        ("options", col("s").str.contains("b", literal=True), [True, False]),
    ],
)
def test_a_column_is_made_as_polars_writes_it(_case: str, column: Column, expected: list[object]) -> None:
    assert FRAME.select(x=made(column, POLARS))["x"].to_list() == expected


def test_shared_parts_are_made_once() -> None:
    shared = col("a") + 1
    engine = Counting()
    assert made(shared * shared, engine) == "*(+(col(a), 1), +(col(a), 1))"
    assert engine.asked == ["col", "+", "*"]


def test_a_column_nested_a_hundred_thousand_deep_is_made() -> None:
    column = col("a")
    for _ in range(100_000):
        column = ~column
    engine = Counting()
    made(column, engine)
    assert engine.asked == ["col", *["~"] * 100_000]


def test_a_column_is_constant_when_it_asks_for_none() -> None:
    assert (lit(1) + 2).constant
    assert not (lit(1) + col("a")).constant


def test_a_column_weighs_what_it_is_written_out() -> None:
    sum_ = col("a") + col("a")
    assert [each.weight for each in (col("a"), sum_, sum_ * sum_, sum_ // sum_)] == [1, 3, 7, 25]


def test_a_column_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="row by row"):
        bool(col("a") == 1)
