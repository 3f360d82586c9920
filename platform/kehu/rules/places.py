"""Where customers stand in a column of customers."""

import numpy as np
import numpy.typing as npt
import polars as pl

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Ids of a database are dense: a table over their range, while it is not much longer than they are many, finds a place
# in a tenth of the time of a search.
_SPARSEST = 8


def places_of(customers: pl.Series, known: pl.Series) -> tuple[Places, Mask]:
    """Each customer's place among the known, who are in any order and each there once; and whether it is there."""
    wanted, ids = customers.to_numpy(), known.to_numpy()
    if not ids.size:
        return np.zeros(wanted.size, dtype=np.int64), np.zeros(wanted.size, dtype=np.bool_)
    first, last = int(ids.min()), int(ids.max())
    if last - first < _SPARSEST * ids.size:
        return _looked_up(wanted - first, ids - first, last - first + 1)
    order = np.argsort(ids)
    nearest = np.minimum(np.searchsorted(ids, wanted, sorter=order), ids.size - 1)
    found = order[nearest]
    return found, ids[found] == wanted


def _looked_up(wanted: Places, ids: Places, length: int) -> tuple[Places, Mask]:
    table = np.full(length, -1, dtype=np.int64)
    table[ids] = np.arange(ids.size)
    inside = (wanted >= 0) & (wanted < length)
    found = table[np.where(inside, wanted, 0)]
    return found, inside & (found >= 0)
