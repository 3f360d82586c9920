"""Slices reduced to a number each, beside plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.reductions import different, distinct, greatest, least, quantiles
from kehu.features.runs import runs_of

SLICES = st.lists(st.lists(st.integers(0, 5) | st.integers(0, 10**12), max_size=40), max_size=12)


def laid_out(slices: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The values one after the other, with a value of nobody's between two slices."""
    values: list[int] = []
    low, high = [], []
    for each in slices:
        low.append(len(values))
        values += each
        high.append(len(values))
        values.append(10**15)
    whole = np.int64
    return np.array(values, whole), np.array(low, whole), np.array(high, whole)


@settings(max_examples=150, deadline=None)
@given(slices=SLICES, is_rising=st.booleans())
def test_slices_hold_what_python_finds(slices: list[list[int]], *, is_rising: bool) -> None:
    slices = [sorted(each) if is_rising else each for each in slices]
    values, low, high = laid_out(slices)
    assert distinct(values, low, high).tolist() == [len(set(each)) for each in slices]
    which, codes = different(values, low, high)
    pairs = sorted(zip(which.tolist(), codes.tolist(), strict=True))
    assert pairs == [(number, code) for number, each in enumerate(slices) for code in sorted(set(each))]
    assert greatest(values, low, high).tolist() == [max(each, default=0) for each in slices]
    assert least(values, low, high).tolist() == [min(each, default=0) for each in slices]
    medians = [float(np.quantile(each, 0.9)) if each else 0.0 for each in slices]
    assert quantiles(values.astype(np.float64), low, high, 0.9).tolist() == pytest.approx(medians)


@pytest.mark.parametrize(
    ("_case", "codes", "expected"),
    [
        ("few codes are bits", [0, 62, 0], 2),
        ("one more is sorted", [0, 63, 0], 2),
        ("days that never fall", [70, 70], 1),
    ],
)
def test_distinct_codes_are_counted_in_the_cheapest_way(_case: str, codes: list[int], expected: int) -> None:
    values = np.array(codes, np.int64)
    assert distinct(values, np.array([0]), np.array([len(codes)])).tolist() == [expected]


@settings(max_examples=150, deadline=None)
@given(
    instants=st.lists(st.lists(st.integers(-3, 12), min_size=1, max_size=9), max_size=9),
    edges=st.lists(st.integers(-5, 14), min_size=1, max_size=4),
    since=st.integers(-5, 14),
)
def test_an_edge_falls_where_the_first_later_row_is(instants: list[list[int]], edges: list[int], since: int) -> None:
    instants = [sorted(each) for each in instants]
    owners = np.array([number for number, each in enumerate(instants) for _ in each], np.int64)
    at = np.array([instant for each in instants for instant in each], np.int64)
    customers, runs = runs_of(owners, at)
    assert customers.tolist() == list(range(len(instants)))
    for found in (runs, runs.later(since)):
        kept = [[instant for instant in each if found is runs or instant > since] for each in instants]
        assert [end - start for start, end in zip(found.starts, found.ends, strict=True)] == [
            len(each) for each in kept
        ]
        for edge in edges:
            later = (found.after(edge) - found.starts).tolist()
            assert later == [sum(instant <= edge for instant in each) for each in kept]
