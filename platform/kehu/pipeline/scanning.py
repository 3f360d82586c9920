"""The events that features count, scanned in the mirror."""

import polars as pl

from kehu.features.aggregates import ordered_roles, stored_columns
from kehu.features.catalogue import Catalogue
from kehu.features.streams import STREAMS
from kehu.mirror.mirror import Mirror


def scans(mirror: Mirror, catalogue: Catalogue) -> dict[str, pl.LazyFrame]:
    """The columns that the features read, in the order that `compute` wants with `by_customer`."""
    ordered = ordered_roles(catalogue)
    scans = {}
    for name, columns in stored_columns(catalogue).items():
        roles, first = ordered.get(name, set()), next(iter(STREAMS[name].roles))
        by_id = {"id"} if roles - {first} else set()
        scans[name] = mirror.scan(name, columns | by_id, in_order=first in roles, coded=True)
    return scans
