"""Rows in which each customer's stand together, cut into frames of whole customers, so that memory stays bounded."""

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

# As the mirror lays rows down, so that a frame is one piece of a file; twice as many leave the processor's cache.
BATCH_ROWS = 131_072


def whole_customers(batches: Iterable[pl.DataFrame], batch_rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
    """Every row once; no customer's rows (column `customer`, never null) come in two frames, nor in another order."""
    seams: list[pl.DataFrame] = []
    for batch in batches:
        owners = batch["customer"].to_numpy()
        cuts = np.flatnonzero(owners[1:] != owners[:-1]) + 1
        if not len(cuts):
            seams.append(batch)
            continue
        # A batch's first and last customer may go on in its neighbours; those between are whole.
        first, last = int(cuts[0]), int(cuts[-1])
        if last > first:
            yield batch[first:last]
        seams.append(batch[:first])
        if sum(map(len, seams)) > 2 * batch_rows:
            yield pl.concat(seams)
            seams = []
        seams.append(batch[last:])
    if any(len(each) for each in seams):
        yield pl.concat(seams)
