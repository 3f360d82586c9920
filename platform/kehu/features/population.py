"""What a feature is made of that looks at every customer at once: ranks, percentiles, models."""

import polars as pl

from kehu.features.declaration import Declaration
from kehu.features.missing import stored
from kehu.features.models import models
from kehu.model.feature_types import POLARS_TYPES, Schema


def with_population(table: pl.LazyFrame, item: Declaration, types: Schema) -> pl.LazyFrame:
    """The table, a row per customer, with that feature of POPULATION; `types` are those of the features it names."""
    if item.operation == "model":
        return _with_model(table, item, types)
    return table.with_columns(settled(item, _standing(item)))


def settled(item: Declaration, column: pl.Expr) -> pl.Expr:
    """The feature's value for 'never happened' where there is none, in the type rules expect."""
    if item.missing is not None:
        held = POLARS_TYPES[item.info.type.kind]
        column = column.fill_null(pl.lit(stored(item.missing, item.info.type), dtype=held))
    return column.cast(POLARS_TYPES[item.info.type.kind]).alias(item.info.name)


def _standing(item: Declaration) -> pl.Expr:
    """Rank 1 is the greatest value, equals share the better rank; percentile is the share of values not above."""
    value = pl.col(item.text.text if item.text else "")
    rank = value.rank("min", descending=True).cast(pl.Int64)
    return rank if item.operation == "rank_of" else value.rank("max") / value.count()


def _with_model(table: pl.LazyFrame, item: Declaration, types: Schema) -> pl.LazyFrame:
    """A model is Python that wants the columns themselves, so what leads to them is computed here."""
    features = table.collect(engine="streaming")
    given = {
        name: pl.col(node.text) / 10 ** types[node.text].scale if types[node.text].scale else pl.col(node.text)
        for name, node in item.inputs.items()
    }
    values = models()[item.text.text if item.text else ""].compute(features.select(**given))
    return features.with_columns(settled(item, pl.lit(values))).lazy()
