"""Malformed rows: a few cells no reader can use, each listed in the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate.dice import chance

MALFORMED_SHARE = 0.002
_SCHEMA = {"file": pl.String, "line": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String}


@dataclass(frozen=True, slots=True)
class Blemish:
    """What goes wrong in a column: the value put there (None: nothing) and why it cannot be used."""

    column: str
    value: str | float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Spoilt:
    """The rows of one frame to be spoilt: `rows` ascending from 0, with the blemish of each."""

    rows: tuple[int, ...]
    blemishes: tuple[Blemish, ...]

    def listed(self, file: str, first_line: int) -> pl.DataFrame:
        """File, line, column, value and reason; row 0 stands on `first_line`."""
        found = zip(self.rows, self.blemishes, strict=True)
        return pl.DataFrame(
            [
                (file, row + first_line, one.column, "" if one.value is None else str(one.value), one.reason)
                for row, one in found
            ],
            schema=_SCHEMA,
            orient="row",
        )

    def applied(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the blemishes in place; the values must fit the columns' types."""
        changes: dict[str, dict[int, str | float | None]] = {}
        for row, blemish in zip(self.rows, self.blemishes, strict=True):
            changes.setdefault(blemish.column, {})[row] = blemish.value
        spoilt = [
            frame[name].scatter(list(cells), pl.Series(list(cells.values()), dtype=frame.schema[name]))
            for name, cells in changes.items()
        ]
        return frame.with_columns(spoilt)


def spoilt_rows(rng: np.random.Generator, rows: int, blemishes: Sequence[Blemish]) -> Spoilt:
    """Choose MALFORMED_SHARE of `rows`, each row at most once, and a blemish for each; none without blemishes."""
    hit = np.flatnonzero(chance(rng, rows, MALFORMED_SHARE * bool(blemishes)))
    which = rng.integers(0, max(len(blemishes), 1), hit.size)
    return Spoilt(tuple(hit.tolist()), tuple(blemishes[index] for index in which))


def nothing_spoilt() -> pl.DataFrame:
    """An empty list of malformed cells."""
    return pl.DataFrame(schema=_SCHEMA)
