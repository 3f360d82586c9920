import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.generate.dice import Block, blocks, chance, fixed_draw, pick, pick_by_row, scatter, stream


@pytest.mark.parametrize(
    ("_case", "total", "expected"),
    [
        ("nothing", 0, []),
        ("less than a block", 2, [Block(0, 0, 2)]),
        ("exactly one block", 3, [Block(0, 0, 3)]),
        ("one more", 4, [Block(0, 0, 3), Block(1, 3, 4)]),
    ],
)
def test_rows_are_cut_into_blocks_of_three(_case: str, total: int, expected: list[Block]) -> None:
    assert list(blocks(total, 3)) == expected


@pytest.mark.parametrize(
    ("_case", "seed", "purpose", "block"),
    [("another seed", 8, "names", 2), ("another purpose", 7, "phones", 2), ("another block", 7, "names", 3)],
)
def test_a_stream_depends_on_seed_purpose_and_block(_case: str, seed: int, purpose: str, block: int) -> None:
    assert stream(7, "names", 2).random() == stream(7, "names", 2).random()
    assert stream(7, "names", 2).random() != stream(seed, purpose, block).random()


def test_picks_follow_the_weights() -> None:
    drawn = pick(stream(1, "test"), (1.0, 0.0, 3.0), 20_000)
    share = np.bincount(drawn, minlength=3) / drawn.size
    assert share[1] == 0
    assert share[2] == pytest.approx(0.75, abs=0.01)


def test_a_pick_by_row_uses_that_rows_weights_and_edges_go_up() -> None:
    weights = np.array([[1.0, 1.0], [1.0, 3.0]])
    drawn = np.array([0.49, 0.5, 0.24, 0.25])
    assert pick_by_row(drawn, weights, np.array([0, 0, 1, 1])).tolist() == [0, 1, 0, 1]


def test_chance_takes_a_share_for_each() -> None:
    assert chance(stream(1, "test"), 3, np.array([0.0, 1.0, 0.0])).tolist() == [False, True, False]


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_scatter_agrees_with_the_same_sum_in_plain_integers(first: int, second: int) -> None:
    mask = 2**64 - 1
    mixed = (first * 0x9E3779B97F4A7C15 + second * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    assert int(scatter(np.array([first]), second)[0]) == mixed ^ (mixed >> 31)


def test_fixed_draws_fill_the_unit_interval_evenly() -> None:
    drawn = fixed_draw(np.arange(50_000), 3)
    counts = np.histogram(drawn, bins=10, range=(0, 1))[0]
    assert counts.sum() == 50_000
    assert (abs(counts - 5_000) < 300).all()
