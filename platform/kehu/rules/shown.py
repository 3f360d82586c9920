"""Features' values in columns as JSON can hold them exactly."""

from decimal import Decimal

import polars as pl

from kehu.model.feature_types import FeatureType

MOST_DIGITS = 38  # of a decimal in Polars, twice what an amount has


def shown(column: pl.Expr, kind: FeatureType) -> pl.Expr:
    """The stored values of that type: decimals as exact decimal texts, instants ISO in UTC, others as they are."""
    if kind.kind == "decimal" and kind.scale:
        unit = pl.lit(Decimal(1).scaleb(-kind.scale), dtype=pl.Decimal(MOST_DIGITS, kind.scale))
        return (column.cast(pl.Decimal(MOST_DIGITS, 0)) * unit).cast(pl.String)
    if kind.kind == "instant":
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    return column


def json_text(column: pl.Expr, kind: FeatureType) -> pl.Expr:
    """The same values as JSON, never null: what is unknown is the text null."""
    if kind.kind in {"integer", "float", "boolean"} or (kind.kind == "decimal" and not kind.scale):
        return column.cast(pl.String).fill_null("null")
    if kind.kind in {"decimal", "instant"}:
        return pl.concat_str(pl.lit('"'), shown(column, kind), pl.lit('"')).fill_null("null")
    return pl.struct(v=column).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
