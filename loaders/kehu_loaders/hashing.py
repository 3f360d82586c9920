"""The hash of a record's values: equal hashes mean nothing changed."""

from hashlib import blake2b

import polars as pl

_BETWEEN = "\x1e"  # never in a value: clean text holds no control characters but tab and line ends
_AFTER_NAME = "\x1f"


def record_hashes(records: pl.DataFrame) -> pl.Series:
    """64-bit signed hashes, the same on every machine and in every version.

    Nulls are left out, so that a field added later changes no hash. `line` and `key` do not count.
    """
    columns = [name for name in records.columns if name not in {"line", "key", "hash"}]
    texts = records.select(
        pl.concat_str(
            [pl.concat_str(pl.lit(name + _AFTER_NAME), _canonical(name, records.schema[name])) for name in columns],
            separator=_BETWEEN,
            ignore_nulls=True,
        ).alias("text")
    )["text"]
    # Row by row: Polars has no hash that stays the same between its versions.
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts.to_list()]
    return pl.Series("hash", [int.from_bytes(digest, "big", signed=True) for digest in digests], pl.Int64)


def _canonical(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.epoch("us").cast(pl.String)
    return pl.col(name).cast(pl.String)
