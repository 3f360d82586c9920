"""Rows that another frame does not hold, in few rows and in many."""

import polars as pl
import pytest

from kehu.store.unshared import unshared


@pytest.mark.parametrize(("_case", "size"), [("few rows are walked over", 4), ("many rows are joined", 3000)])
def test_rows_that_the_other_frame_lacks_remain_in_order(_case: str, size: int) -> None:
    rows = pl.DataFrame({"a": range(size), "b": [None, "x"] * (size // 2)})
    others = rows.filter(pl.col("a") != 2).select("b", "a", more="a")
    assert unshared(rows, others).rows() == [(2, None)]


def test_of_equal_frames_nothing_remains() -> None:
    rows = pl.DataFrame({"a": [1, None]})
    assert unshared(rows, rows).rows() == []
    assert unshared(rows, rows.clear()).rows() == [(1,), (None,)]
