"""Who was shipping at an instant, how long each had been silent, and who has not come back since.

Lengths are whole microseconds: a division by the day's length may round differently as the number of rows changes,
and then events after a cut-off could tip a comparison before it.
"""

from datetime import datetime, timedelta

import polars as pl

from kehu.model.graph import INSTANT

_USUAL = 0.9


def with_gaps(shipments: pl.DataFrame) -> pl.DataFrame:
    """`shipments` (customer, at) with `gap_micros` since the customer's shipment before; null for its first."""
    ordered = shipments.select("customer", "at").sort("customer", "at")
    gap = (pl.col("at") - pl.col("at").shift(1)).dt.total_microseconds()
    return ordered.with_columns(gap_micros=pl.when(pl.col("customer") == pl.col("customer").shift(1)).then(gap))


def standing(shipments: pl.DataFrame, cutoff: datetime, active: timedelta, horizon: timedelta) -> pl.DataFrame:
    """A row per customer that shipped in (cutoff - active, cutoff], from a frame of `with_gaps`.

    last: its last shipment up to the cut-off; silent_micros since then; gap_p90_micros: the 90th percentile of all its
    gaps up to the cut-off, null before the second shipment; churned: no shipment in (cutoff, cutoff + horizon].
    Only `churned` looks beyond the cut-off.
    """
    now = pl.lit(cutoff, INSTANT)
    known = shipments.lazy().filter(pl.col("at") <= now)
    rows = known.group_by("customer").agg(
        last=pl.col("at").max(), gap_p90_micros=pl.col("gap_micros").quantile(_USUAL, "linear")
    )
    until = pl.lit(cutoff + horizon, INSTANT)
    back = shipments.lazy().filter(pl.col("at") > now, pl.col("at") <= until).select("customer", back=True)
    return (
        rows.filter(pl.col("last") > pl.lit(cutoff - active, INSTANT))
        .join(back.unique("customer"), on="customer", how="left")
        .select(
            "customer",
            "last",
            silent_micros=(now - pl.col("last")).dt.total_microseconds(),
            gap_p90_micros="gap_p90_micros",
            churned=pl.col("back").is_null(),
        )
        .sort("customer")
        .collect()
    )
