"""Rows cut into frames of whole customers."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.parts import whole_customers


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(1, 40), max_size=12), batch=st.integers(1, 30))
def test_every_row_comes_once_and_no_customer_in_two_frames(sizes: list[int], batch: int) -> None:
    owners = [number for number, size in enumerate(sizes) for _ in range(size)]
    rows = pl.DataFrame({"customer": pl.Series(owners, dtype=pl.Int64), "row": range(len(owners))})
    frames = list(whole_customers(rows.iter_slices(batch), batch))
    found = pl.concat([rows.clear(), *frames])
    assert found.sort("row").equals(rows)
    for owner, place in found.select("customer", "row").group_by("customer"):
        assert place["row"].is_sorted(), owner
    assert sum(frame["customer"].n_unique() for frame in frames) == len(sizes)


@pytest.mark.parametrize(
    ("_case", "sizes", "frames"),
    [("nothing", [], 0), ("one customer in many batches", [50], 1), ("a customer in each batch", [10, 10, 10], 1)],
)
def test_a_customer_larger_than_a_batch_stays_whole(_case: str, sizes: list[int], frames: int) -> None:
    owners = [number for number, size in enumerate(sizes) for _ in range(size)]
    rows = pl.DataFrame({"customer": pl.Series(owners, dtype=pl.Int64)})
    assert len(list(whole_customers(rows.iter_slices(10), 10))) == frames
