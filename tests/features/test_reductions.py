"""Slices reduced to a number each, beside plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.features.reductions import (
    bounds_of,
    different,
    distinct,
    ends,
    extremes,
    numbers,
    placed,
    ranked,
    sums,
)

ROWS = st.lists(st.tuples(st.integers(-5, 5) | st.integers(0, 10**12), st.booleans()), max_size=60)
SLICES = st.lists(ROWS, max_size=12)
Row = tuple[int, bool]


def laid_out(slices: list[list[Row]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Low, high, kept and values, with a value of nobody's between two slices."""
    rows: list[Row] = []
    low, high = [], []
    for each in slices:
        low.append(len(rows))
        rows += each
        high.append(len(rows))
        rows.append((10**15, True))
    kept, values = np.array([row[1] for row in rows], np.bool_), np.array([row[0] for row in rows], np.int64)
    return np.array(low, np.int64), np.array(high, np.int64), kept, values


@settings(max_examples=150)
@given(slices=SLICES, is_rising=st.booleans(), is_all=st.booleans())
def test_slices_hold_what_python_finds(slices: list[list[Row]], *, is_rising: bool, is_all: bool) -> None:
    slices = [sorted(each) if is_rising else each for each in slices]
    low, high, kept, values = laid_out(slices)
    counting = [[value for value, is_kept in each if is_kept or is_all] for each in slices]
    given_kept = None if is_all else kept
    assert distinct(low, high, given_kept, values).tolist() == [len(set(each)) for each in counting]
    which, rows = different(low, high, given_kept, values)
    pairs = sorted(zip(which.tolist(), values[rows].tolist(), strict=True))
    assert pairs == [(number, code) for number, each in enumerate(counting) for code in sorted(set(each))]
    for is_least, best in ((True, min), (False, max)):
        found = extremes(low, high, given_kept, values, is_least=is_least)
        assert [values[row] if row >= 0 else None for row in found] == [best(each, default=None) for each in counting]
    for is_first, place in ((True, 0), (False, -1)):
        found = ends(low, high, given_kept, is_first=is_first)
        assert [values[row] if row >= 0 else None for row in found] == [
            each[place] if each else None for each in counting
        ]


@settings(max_examples=150)
@given(slices=SLICES, q=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
def test_quantiles_lie_between_the_values_in_order(slices: list[list[Row]], q: float) -> None:
    found = ranked(*laid_out(slices), q)
    for which, each in enumerate(slices):
        values = sorted(value for value, is_kept in each if is_kept)
        place = q * max(len(values) - 1, 0)
        around = [values[int(np.floor(place))], values[int(np.ceil(place))]] if values else [0, 0]
        assert found[:, which].tolist() == [*around, len(values)]


@pytest.mark.parametrize(
    ("_case", "values"),
    [
        ("falling", list(range(500, 0, -1))),
        ("rising", list(range(500))),
        ("all the same", [7] * 500),
        ("up and down", [abs(250 - number) for number in range(500)]),
        ("two values", [number % 2 for number in range(500)]),
    ],
)
def test_long_slices_are_ordered_as_far_as_needed(_case: str, values: list[int]) -> None:
    rows = np.array(values, np.int64)
    for place in (0, 50, 249, 450, 499):
        found = ranked(np.array([0]), np.array([500]), None, rows, place / 499)
        assert found[0].tolist() == [sorted(values)[int(place / 499 * 499)]]


@pytest.mark.parametrize(
    ("_case", "codes"),
    [
        ("few codes are bits", [0, 63, 0]),
        ("one more is none", [1, 64, 1, 0]),
        ("below nought", [-1, 5, -1]),
        ("days that never fall", [70, 70, 71]),
        ("more than there is room for at first", [number * 7919 % 30_011 for number in range(30_000)]),
    ],
)
def test_distinct_codes_are_counted_in_every_way(_case: str, codes: list[int]) -> None:
    values, low, high = np.array([*codes, *codes], np.int64), np.array([0, len(codes)]), None
    high = np.array([len(codes), 2 * len(codes)])
    assert distinct(low, high, None, values).tolist() == [len(set(codes))] * 2
    which, rows = different(low, high, None, values)
    assert np.bincount(which).tolist() == [len(set(codes))] * 2
    assert sorted(values[rows].tolist()) == sorted([*set(codes), *set(codes)])


@settings(max_examples=150)
@given(
    instants=st.lists(st.lists(st.integers(-3, 12), min_size=1, max_size=60), max_size=9),
    edges=st.sets(st.integers(-5, 14), min_size=1, max_size=4).map(sorted),
    seed=st.integers(0, 9),
)
def test_what_adds_up_does_so_between_edges(instants: list[list[int]], edges: list[int], seed: int) -> None:
    instants = [sorted(each) for each in instants]
    owners = np.array([number for number, each in enumerate(instants) for _ in each], np.int64)
    at = np.array([instant for each in instants for instant in each], np.int64)
    random = np.random.default_rng(seed)
    values, kept = random.integers(-(2**62), 2**62, len(at)), random.random(len(at)) < 0.5
    bounds = bounds_of(owners)
    assert bounds.tolist() == [0, *np.cumsum([len(each) for each in instants]).tolist()]
    places = placed(at, bounds, np.array(edges))
    for row, edge in enumerate(edges):
        within = [(owners == number) & (at > edges[0]) & (at <= edge) for number in range(len(instants))]
        assert (places[row] - bounds[:-1]).tolist() == [sum(instant <= edge for instant in each) for each in instants]
        assert numbers(places, None)[row].tolist() == [int(each.sum()) for each in within]
        assert numbers(places, kept)[row].tolist() == [int((each & kept).sum()) for each in within]
        assert sums(places, None, values)[row].tolist() == [int(values[each].sum()) for each in within]
        assert sums(places, kept, values)[row].tolist() == [int(values[each & kept].sum()) for each in within]
