"""Whose events changed since an earlier state of the mirror, written down whenever it is caught up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kehu.mirror.files import DataFile
from kehu.mirror.layout import ROLES, Layout
from kehu.store.event_changes import Head

# `role` is the column that names the customer, e.g. "payer_id"; `is_more` says that nothing but new events came.
TOUCHED = {"stream": pl.String(), "role": pl.String(), "customer": pl.Int64(), "is_more": pl.Boolean()}
# Whoever has not looked for so long reads everything.
_MOST_ROWS = 4_000_000
_MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One catching up: since which state of the store, and the file with the customers whose events it changed."""

    since: Head
    file: DataFile


def owners_of(layout: Layout, rows: Iterable[pl.DataFrame], *, is_more: bool) -> pl.DataFrame:
    """Columns of TOUCHED: whoever has a role in one of the rows, which have the layout's roles."""
    parts = [pl.DataFrame(schema=TOUCHED)]
    for frame in rows:
        for role in ROLES[layout.stream]:
            names = {"stream": pl.lit(layout.stream), "role": pl.lit(role)}
            parts.append(frame.select(**names, customer=role, is_more=pl.lit(is_more)).drop_nulls().unique())
    return pl.concat(parts).unique()


def united(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Columns of TOUCHED: each customer once by kind of event and role."""
    whole = pl.concat([pl.DataFrame(schema=TOUCHED), *parts])
    return whole.group_by("stream", "role", "customer").agg(pl.col("is_more").all())


def recent(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The newest steps, as many as are worth keeping; the newest of all always."""
    kept: list[Step] = []
    rows = 0
    for step in reversed(steps[-_MOST_STEPS:]):
        rows += step.file.rows
        if kept and rows > _MOST_ROWS:
            break
        kept.append(step)
    return tuple(reversed(kept))


def touched_since(folder: Path, steps: Sequence[Step], now: Head, since: Head) -> pl.DataFrame | None:
    """Columns of TOUCHED: whose events changed between the two states; None when that is not known any more."""
    if since == now:
        return pl.DataFrame(schema=TOUCHED)
    heads = [step.since for step in steps]
    if since not in heads:
        return None
    files = [folder / step.file.name for step in steps[heads.index(since) :]]
    return united([pl.read_ipc(file) for file in files])
