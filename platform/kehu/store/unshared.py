"""The rows that one frame has and another of the same columns has not."""

import polars as pl

# To plan a join takes longer than to walk over so many rows.
_FEW = 1000


def unshared(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows of `rows` that `others` does not hold, in their order; nulls are equal."""
    if len(rows) + len(others) > _FEW:
        return rows.join(others, on=rows.columns, how="anti", nulls_equal=True, maintain_order="left")
    known = set(zip(*(others[name] for name in rows.columns), strict=True))
    places = [place for place, row in enumerate(rows.rows()) if row not in known]
    return rows if len(places) == len(rows) else rows[places]
