"""Fellegi and Sunter's estimate: found again where the truth was drawn from known shares."""

import numpy as np
import polars as pl
import pytest

from kehu.identity.scoring import Weights, estimate, scored

M = {"name": (0.1, 0.9), "phone": (0.3, 0.7), "city": (0.05, 0.95)}
U = {"name": (0.99, 0.01), "phone": (0.995, 0.005), "city": (0.8, 0.2)}


def drawn(pairs: int, share: float, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Grades of pairs, and which of them are one customer's."""
    dice = np.random.default_rng(seed)
    match = dice.random(pairs) < share
    columns = {
        field: np.where(match, dice.random(pairs) < M[field][1], dice.random(pairs) < U[field][1]) for field in M
    }
    return pl.DataFrame(columns).cast(pl.Int8), match


def test_the_shares_among_matches_are_found_again() -> None:
    grades, _ = drawn(50_000, 0.3, seed=1)
    u = {field: np.array(shares) for field, shares in U.items()}
    found = estimate([grades], [()], u, 0.3)
    assert {field: shares.tolist() for field, shares in found.m.items()} == {
        field: pytest.approx(shares, abs=0.02) for field, shares in M.items()
    }


def test_a_block_tells_nothing_of_the_field_it_was_gathered_by() -> None:
    grades, _ = drawn(5_000, 0.3, seed=2)
    u = {field: np.array(shares) for field, shares in U.items()}
    found = estimate([grades], [("city",)], u, 0.3)
    assert found.m["city"].tolist() == pytest.approx([0.1, 0.9])


def test_probabilities_are_right_on_the_whole() -> None:
    grades, match = drawn(50_000, 0.3, seed=3)
    weights = Weights({k: np.array(v) for k, v in M.items()}, {k: np.array(v) for k, v in U.items()}, 0.3)
    probability = scored(grades, weights, {})["probability"].to_numpy()
    for low, high in ((0.0, 0.1), (0.1, 0.9), (0.9, 1.0)):
        inside = (probability >= low) & (probability <= high)
        assert match[inside].mean() == pytest.approx(probability[inside].mean(), abs=0.03)


def test_an_unknown_field_says_nothing_and_a_rare_value_more() -> None:
    weights = Weights({"name": np.array([0.1, 0.9])}, {"name": np.array([0.99, 0.01])}, 0.5)
    grades = pl.DataFrame(
        {"name": [None, 1, 1, 0], "share": [None, 0.01, 0.0001, 0.01]}, schema_overrides={"name": pl.Int8}
    )
    bits = scored(grades, weights, {"name": "share"})["bits_name"].to_list()
    assert bits == pytest.approx([0.0, np.log2(90), np.log2(9000), np.log2(0.1 / 0.99)])
