"""Remembers the keys of a file, so that one met twice is noticed wherever its rows stand."""

from dataclasses import dataclass, field

import polars as pl


@dataclass(slots=True)
class SeenKeys:
    """The keys met so far, in sorted runs that are merged when alike in size: 24 bytes a key.

    A key is held as a 64-bit hash: in one file of 20 million keys out of 90,000, two share theirs.
    """

    runs: list[pl.DataFrame] = field(default_factory=list)

    def meet(self, records: pl.DataFrame) -> pl.DataFrame:
        """`first_line` and `first_hash` of each record's key: the record's own when the key is new.

        `records` has `key`, `hash` and `line`, in the order of the file.
        """
        met = records.select(pl.col("key").hash().alias("id"), "hash", "line").with_columns(
            pl.col("line").first().over("id").alias("first_line"),
            pl.col("hash").first().over("id").alias("first_hash"),
        )
        for run in self.runs:
            met = _look_up(met, run)
        self._add(met.filter(pl.col("first_line") == pl.col("line")).unique("id", keep="first"))
        return met.select("first_line", "first_hash")

    def _add(self, fresh: pl.DataFrame) -> None:
        if not fresh.height:
            return
        self.runs.append(fresh.select("id", "hash", "line").sort("id"))
        while len(self.runs) > 1 and self.runs[-2].height <= 2 * self.runs[-1].height:
            last, before = self.runs.pop(), self.runs.pop()
            self.runs.append(pl.concat([before, last]).sort("id"))


def _look_up(met: pl.DataFrame, run: pl.DataFrame) -> pl.DataFrame:
    places = run["id"].search_sorted(met["id"]).clip(0, run.height - 1)
    found = run[places].rename(lambda name: f"run_{name}")
    earlier = pl.col("run_id") == pl.col("id")
    if not (found["run_id"] == met["id"]).any():
        return met
    return pl.concat([met, found], how="horizontal").select(
        "id",
        "hash",
        "line",
        pl.when(earlier).then("run_line").otherwise("first_line").alias("first_line"),
        pl.when(earlier).then("run_hash").otherwise("first_hash").alias("first_hash"),
    )
