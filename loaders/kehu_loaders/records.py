"""Maps clean cells to the record frame of one record map, with a finding for all that does not fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_

import polars as pl

from kehu.model.graph import Entity, record_columns
from kehu.sources.source import Condition, RecordMap, Source
from kehu_loaders.cells import cell_text
from kehu_loaders.hashing import record_hashes
from kehu_loaders.leaves import Leaf, record_leaves
from kehu_loaders.parties import known_party, settle_parties

FINDING_COLUMNS: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True, slots=True)
class MappedRecords:
    """The records of one map: `frame` has the entity's record columns, rows with findings included.

    Those rows hold no sound `key` or `hash`. `key_column` names the columns of the key, for messages.
    """

    entity: Entity
    key_column: str
    frame: pl.DataFrame
    findings: pl.DataFrame


def map_record(record: RecordMap, source: Source, cells: pl.DataFrame) -> MappedRecords:
    """The records `record` makes of `cells`, which are clean and carry their line as `?line`."""
    picked = cells.filter(_applies(record.when, cells.schema)) if record.when else cells
    leaves = record_leaves(record, source, cells.schema)
    values = picked.lazy().select("?line", *(leaf.conversion.value.alias(leaf.output) for leaf in leaves)).collect()
    known = picked.select(_is_known(leaf).alias(leaf.output) for leaf in leaves)
    settled = settle_parties(values, record)
    findings = pl.concat(
        [
            *(_misfits(leaf, picked, values, known) for leaf in leaves),
            *(_needed(leaf, values, known) for leaf in leaves if leaf.needed_by),
            *_lacking_parties(record, settled, leaves),
        ]
    )
    return MappedRecords(record.entity, _column_names(leaves[0].columns), _frame(record, source, settled), findings)


def _frame(record: RecordMap, source: Source, settled: pl.DataFrame) -> pl.DataFrame:
    columns = record_columns(record.entity)
    settled = settled.rename({"?line": "line"})
    if "currency" in columns:
        settled = settled.with_columns(pl.lit(source.currency).alias("currency"))
    present = settled.select(name for name in columns if name in settled.columns)
    hashes = record_hashes(present)
    return present.with_columns(hashes).select(
        pl.col(name) if name in present.columns or name == "hash" else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
    )


def _is_known(leaf: Leaf) -> pl.Expr:
    known = leaf.conversion.text.is_not_null()
    return known if leaf.chosen is None else known & leaf.chosen.fill_null(value=False)


def _misfits(leaf: Leaf, picked: pl.DataFrame, values: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    misfit = known[leaf.output] & values[leaf.output].is_null()
    if not misfit.any():
        return pl.DataFrame(schema=FINDING_COLUMNS)
    return picked.filter(misfit).select(
        pl.col("?line").alias("line"),
        pl.lit(_column_names(leaf.columns)).alias("column"),
        leaf.conversion.text.alias("value"),
        leaf.conversion.reason.alias("reason"),
    )


def _needed(leaf: Leaf, values: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    field = "its key" if leaf.output == "key" else f"'{leaf.output}'"
    reason = f"empty, but a {leaf.needed_by} cannot do without {field}: fill the cell in"
    return _lacking(values, values[leaf.output].is_null() & ~known[leaf.output], leaf.columns, reason)


def _lacking_parties(record: RecordMap, settled: pl.DataFrame, leaves: list[Leaf]) -> Iterable[pl.DataFrame]:
    for parties, test in known_party(settled, record):
        columns = dict.fromkeys(
            name for leaf in leaves for name in leaf.columns if leaf.output.lstrip("?").startswith(parties)
        )
        reason = (
            f"no {' or '.join(parties)}: a {record.entity} needs a customer with a key, name, phone, email or tax code"
        )
        yield _lacking(settled, ~settled.select(test.alias("known"))["known"], tuple(columns), reason)


def _lacking(values: pl.DataFrame, lacking: pl.Series, columns: tuple[str, ...], reason: str) -> pl.DataFrame:
    if not lacking.any():
        return pl.DataFrame(schema=FINDING_COLUMNS)
    return values.filter(lacking).select(
        pl.col("?line").alias("line"),
        pl.lit(_column_names(columns)).alias("column"),
        pl.lit("").alias("value"),
        pl.lit(reason).alias("reason"),
    )


def _column_names(columns: tuple[str, ...]) -> str:
    return ", ".join(columns)


def _applies(conditions: tuple[Condition, ...], schema: pl.Schema) -> pl.Expr:
    return reduce(and_, (_holds(condition, schema) for condition in conditions))


def _holds(condition: Condition, schema: pl.Schema) -> pl.Expr:
    name = condition.column.name
    text = cell_text(pl.col(name), schema[name])
    is_so = text.is_not_null() if condition.words is None else text.is_in(list(condition.words)).fill_null(value=False)
    return is_so if condition.wanted else ~is_so
