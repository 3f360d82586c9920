"""Columns of Polars seen in place."""

import numpy as np
import polars as pl
import pytest

from kehu.features.lending import known_in, series_of, values_of

LONG = pl.Series([None, *range(99), None], dtype=pl.Int64())


@pytest.mark.parametrize(
    ("_case", "column"),
    [
        ("numbers", pl.Series([1, None, 3])),
        ("reals", pl.Series([1.5, None])),
        ("truths", pl.Series([True, None, False])),
        ("truths that begin within a byte", pl.Series([True, None, False, True] * 9)[5:]),
        ("numbers that begin within a byte", LONG[3:]),
        ("numbers in two pieces", pl.concat([LONG, LONG])[7:150]),
        ("small numbers", pl.Series([1, None, 2**32 - 1], dtype=pl.UInt32())),
        ("instants", LONG.cast(pl.Datetime("us", "UTC"))),
        ("spans", LONG.cast(pl.Duration("us"))),
        ("nothing known", pl.Series([None, None], dtype=pl.Int64())),
        ("nothing at all", pl.Series([], dtype=pl.Int64())),
        ("no truth at all", pl.Series([], dtype=pl.Boolean())),
    ],
)
def test_a_column_is_its_known_values_and_where_they_are(_case: str, column: pl.Series) -> None:
    values, known = values_of(column), known_in(column)
    assert len(values) == len(column)
    there = np.ones(len(column), np.bool_) if known is None else known
    assert there.tolist() == column.is_not_null().to_list()
    assert values[there].tolist() == column.to_physical().drop_nulls().to_list()


@pytest.mark.parametrize(
    ("_case", "type_", "kind"),
    [
        ("reals", pl.Float64(), np.float64),
        ("numbers", pl.Int64(), np.int64),
        ("instants", pl.Datetime("us", "UTC"), np.int64),
        ("codes", pl.UInt32(), np.uint32),
        ("truths", pl.Boolean(), np.bool_),
    ],
)
def test_a_column_without_a_row_has_its_kind(_case: str, type_: pl.DataType, kind: type) -> None:
    assert values_of(pl.Series([], dtype=type_)).dtype == kind


def test_a_column_without_unknowns_says_so() -> None:
    assert known_in(pl.Series([1, 2])) is None


@pytest.mark.parametrize(
    ("_case", "values"),
    [("numbers", [1, 2, 3]), ("reals", [0.5, 1.5, 2.5]), ("truths", [True, False, True])],
)
def test_values_become_a_column_null_where_they_are_not(_case: str, values: list[float]) -> None:
    given = np.array(values)
    assert series_of(given, np.array([True, False, True])).to_list() == [values[0], None, values[2]]
    assert series_of(given, np.array([True, True, True])).to_list() == values
