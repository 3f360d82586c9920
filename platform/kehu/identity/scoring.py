"""The probability that two records are one customer's, after Fellegi and Sunter (1969)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

_ROUNDS = 50
_CONVERGED = 1e-6
# No grade is impossible because a sample did not hold it.
_LEAST = 1e-6
_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """Of every field the share of each grade among pairs of one customer (`m`) and among any pairs (`u`)."""

    m: Mapping[str, Floats]
    u: Mapping[str, Floats]
    prior: float

    def bits(self, field: str) -> list[float]:
        """How many bits each grade of the field speaks for one customer; against it where negative."""
        return [float(bit) for bit in np.log2(self.m[field] / self.u[field])]


def chances(grades: pl.DataFrame, sizes: Mapping[str, int]) -> dict[str, Floats]:
    """The share of each grade of each field; `sizes` says how many grades a field has, unknown ones are left out."""
    return {field: _shares(np.bincount(_known(grades[field]), minlength=size)) for field, size in sizes.items()}


def estimate(
    blocks: Sequence[pl.DataFrame], skipped: Sequence[Sequence[str]], u: Mapping[str, Floats], prior: float
) -> Weights:
    """m by expectation maximisation over blocks of graded pairs, with u as given.

    `skipped` are the fields by whose equality each block was gathered: of them it can tell nothing. A field's m is the
    mean over the blocks that can tell, weighted by the matches expected in them.
    """
    totals = {field: np.zeros(len(shares)) for field, shares in u.items()}
    for block, fields in zip(blocks, skipped, strict=True):
        free = [field for field in u if field not in fields]
        for field, counts in _maximised(block, {field: u[field] for field in free}).items():
            totals[field] += counts
    m = {field: _shares(counts) if counts.sum() else _trusting(len(counts)) for field, counts in totals.items()}
    return Weights(m, u, prior)


def scored(grades: pl.DataFrame, weights: Weights, rarity: Mapping[str, str]) -> pl.DataFrame:
    """The pairs with `bits_<field>` for each field and `probability`.

    `rarity` names, for a field, the column with the share of records that bear the pair's equal value: in the highest
    grade it takes the place of u, so that a common name says less than a rare one.
    """
    bits = [_bits(field, weights, rarity.get(field)).alias(f"bits_{field}") for field in weights.u]
    total = pl.sum_horizontal(f"bits_{field}" for field in weights.u) + np.log2(weights.prior / (1 - weights.prior))
    return grades.with_columns(bits).with_columns(probability=1 / (1 + (-total * np.log(2)).exp()))


def _bits(field: str, weights: Weights, rarity: str | None) -> pl.Expr:
    steps = weights.bits(field)
    grade = pl.col(field)
    said = grade.replace_strict(list(range(len(steps))), steps, default=0.0, return_dtype=pl.Float64)
    if rarity is None:
        return said
    top = len(steps) - 1
    rare = (pl.lit(float(weights.m[field][top])) / pl.col(rarity).clip(_LEAST)).log(2)
    return pl.when(grade == top).then(pl.coalesce(rare, said)).otherwise(said)


def _maximised(block: pl.DataFrame, u: Mapping[str, Floats]) -> dict[str, Floats]:
    """The expected number of matching pairs in each grade of each field."""
    fields = list(u)
    patterns = block.group_by(fields).len().sort(fields, nulls_last=False)
    counts = patterns["len"].to_numpy().astype(np.float64)
    grades = {field: patterns[field].fill_null(-1).to_numpy() for field in fields}
    m = {field: _trusting(len(u[field])) for field in fields}
    share, matches = 0.5, np.zeros(len(counts))
    for _ in range(_ROUNDS):
        odds = np.full(len(counts), share / (1 - share))
        for field in fields:
            odds *= np.append(m[field] / u[field], 1.0)[grades[field]]
        matches = counts * odds / (1 + odds)
        before, share = share, float(np.clip(matches.sum() / max(counts.sum(), 1), _LEAST, 1 - _LEAST))
        m = {field: _shares(_counted(grades[field], matches, len(u[field]))) for field in fields}
        if abs(share - before) < _CONVERGED:
            break
    return {field: _counted(grades[field], matches, len(u[field])) for field in fields}


def _counted(grades: npt.NDArray[np.int64], matches: Floats, size: int) -> Floats:
    known = grades >= 0
    return np.bincount(grades[known], weights=matches[known], minlength=size).astype(np.float64)


def _shares(counts: npt.NDArray[np.generic]) -> Floats:
    smooth = counts.astype(np.float64) + _SMOOTHING
    return np.asarray(np.maximum(smooth / smooth.sum(), _LEAST))


def _trusting(size: int) -> Floats:
    """Where a match begins: nearly always in the highest grade."""
    rest = 0.1 / max(size - 1, 1)
    return np.array([*([rest] * (size - 1)), 1 - rest * (size - 1)])


def _known(grades: pl.Series) -> npt.NDArray[np.int64]:
    return grades.drop_nulls().cast(pl.Int64).to_numpy()
