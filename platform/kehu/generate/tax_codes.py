"""Unified social credit codes (GB 32100-2015) with their check characters."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kehu.generate.dice import Flags, Ints

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: without I, O, S, V, Z
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int64)
_BODY_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)  # GB 11714-1997
_BODY_CHECKS = np.array([ALPHABET.index(mark) for mark in "0123456789X"], dtype=np.int64)


def tax_codes(rng: np.random.Generator, admin_code: Ints, is_company: Flags) -> pl.Series:
    """A valid 18-character code per row, registered in the place of `admin_code` (six digits).

    The second character is 1 for a company and 2 for a sole trader; the body is the organisation's own number.
    """
    rows = admin_code.size
    symbols = np.zeros((rows, 18), dtype=np.int64)
    symbols[:, 0] = 9
    symbols[:, 1] = np.where(is_company, 1, 2)
    symbols[:, 2:8] = admin_code[:, None] // 10 ** np.arange(5, -1, -1) % 10
    symbols[:, 8] = 10  # MA, as issued since 2015
    symbols[:, 8:10] = [ALPHABET.index("M"), ALPHABET.index("A")]
    symbols[:, 10:16] = rng.integers(0, len(ALPHABET), (rows, 6))
    body = 11 - symbols[:, 8:16] @ _BODY_WEIGHTS % 11
    symbols[:, 16] = _BODY_CHECKS[body % 11]
    symbols[:, 17] = -(symbols[:, :17] @ _WEIGHTS) % 31
    return _as_text(_LETTERS[symbols])


def _as_text(letters: NDArray[np.uint8]) -> pl.Series:
    rows, width = letters.shape
    if not rows:
        return pl.Series(dtype=pl.String)
    return pl.Series(np.ascontiguousarray(letters).view(f"S{width}").ravel()).cast(pl.String)
