"""Random streams that depend on seed, purpose and block, never on how the work is cut."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 1 << 18  # the unit of work: a block's draws are its own, so memory stays bounded and results fixed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `start` up to, not including, `stop` of something larger."""

    number: int
    start: int
    stop: int


def blocks(total: int, rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """`total` rows cut into blocks of `rows`, the last one shorter; none when total is 0."""
    for number, start in enumerate(range(0, total, rows)):
        yield Block(number, start, min(start + rows, total))


def stream(seed: int, purpose: str, block: int = 0) -> np.random.Generator:
    """The generator for one purpose and block; equal arguments give equal draws."""
    entropy = (seed, zlib.crc32(purpose.encode()), block)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def chance(rng: np.random.Generator, rows: int | tuple[int, ...], share: float | Floats) -> Flags:
    """Flags, each set with the probability `share` (one for all, or one for each)."""
    drawn: Flags = rng.random(rows) < share
    return drawn


def pick(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Ints:
    """`size` indices into `weights`, each as likely as its share of their sum."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(bounds / bounds[-1], rng.random(size), side="right").astype(np.int64)


def pick_by_row(drawn: Floats, weights: Floats, row: Ints) -> Ints:
    """One index per entry of `row`, by the weights in that row of the table; `drawn` lies in [0, 1)."""
    bounds = np.cumsum(weights, axis=1)
    bounds /= bounds[:, -1:]
    index = np.zeros(row.size, dtype=np.int64)
    for column in bounds.T[:-1]:
        index += drawn >= column[row]
    return index


def scatter(first: Ints, second: Ints | int) -> NDArray[np.uint64]:
    """A fixed, well-mixed 64-bit number per pair (the finaliser of splitmix64, Steele et al. 2014)."""
    mixed = np.asarray(first).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.atleast_1d(second).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    mixed += np.uint64(0x632BE59BD9B4E019)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def fixed_draw(first: Ints, second: Ints | int) -> Floats:
    """A number in [0, 1) that belongs to the pair, the same each time."""
    return (scatter(first, second) >> np.uint64(11)).astype(np.float64) * 2.0**-53
