"""The one mapping: raw rows to record frames and quarantine, whatever the format they came in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import polars as pl

from kehu.model.graph import Entity
from kehu.sources.loader import QUARANTINE_COLUMNS, LoadedChunk
from kehu.sources.source import Source
from kehu_loaders.cells import clean_cells, raw_text
from kehu_loaders.raw import RawChunk
from kehu_loaders.records import MappedRecords, map_record
from kehu_loaders.seen_keys import SeenKeys


def map_chunks(source: Source, chunks: Iterable[RawChunk]) -> Iterator[LoadedChunk]:
    """Each chunk of one file, mapped. A row with any finding is quarantined whole, with all its findings.

    A key that came before in the file with other values is a finding; with the same values it is
    loaded once.
    """
    seen: dict[Entity, SeenKeys] = defaultdict(SeenKeys)
    for raw in chunks:
        yield _map_chunk(source, raw, seen)


def _map_chunk(source: Source, raw: RawChunk, seen: dict[Entity, SeenKeys]) -> LoadedChunk:
    columns = [column.name for column in source.columns()]
    cells = clean_cells(raw.cells, columns, source.missing).with_columns(raw.lines.alias("?line"))
    mapped = _by_entity(map_record(record, source, cells) for record in source.records)
    misfits = pl.concat([*(records.findings for records in mapped), *_unknown_required(source, cells)])
    fitting = {records.entity: _without(records.frame, misfits) for records in mapped}
    firsts = {entity: seen[entity].meet(frame) for entity, frame in fitting.items()}
    repeats = [_repeats(records.key_column, fitting[records.entity], firsts[records.entity]) for records in mapped]
    findings = pl.concat([misfits, *repeats])
    return LoadedChunk(
        read=raw.cells.height + raw.unreadable["line"].n_unique(),
        lines=raw.lines.filter(~raw.lines.is_in(findings["line"].unique().to_list())),
        records={entity: _without(_new(frame, firsts[entity]), findings) for entity, frame in fitting.items()},
        quarantine=_quarantine(raw, findings),
    )


def _unknown_required(source: Source, cells: pl.DataFrame) -> Iterator[pl.DataFrame]:
    reason = "empty, but the source requires it: fill the cell in"
    for column in source.required:
        yield cells.filter(pl.col(column.name).is_null()).select(
            pl.col("?line").alias("line"),
            pl.lit(column.name).alias("column"),
            pl.lit("").alias("value"),
            pl.lit(reason).alias("reason"),
        )


def _by_entity(mapped: Iterable[MappedRecords]) -> list[MappedRecords]:
    """One for each entity, its records in the order of the file."""
    groups: dict[Entity, list[MappedRecords]] = defaultdict(list)
    for records in mapped:
        groups[records.entity].append(records)
    return [
        MappedRecords(
            entity,
            " or ".join(dict.fromkeys(records.key_column for records in group)),
            pl.concat([records.frame for records in group]).sort("line", maintain_order=True),
            pl.concat([records.findings for records in group]),
        )
        for entity, group in groups.items()
    ]


def _new(frame: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """The records whose key is met for the first time, each once."""
    return frame.filter(first["first_line"] == frame["line"]).unique("key", keep="first", maintain_order=True)


def _without(frame: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    if not findings.height:
        return frame
    return frame.join(findings.select("line").unique(), on="line", how="anti", maintain_order="left")


def _repeats(key_column: str, frame: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """A finding for every record whose key came before with other values."""
    conflicts = pl.concat([frame.select("line", "key", "hash"), first], how="horizontal").filter(
        pl.col("hash") != pl.col("first_hash")
    )
    reason = "key '{}' already stands on line {} with other values: tell the two apart under 'key', or mend one"
    return conflicts.select(
        "line",
        pl.lit(key_column).alias("column"),
        pl.col("key").alias("value"),
        pl.format(reason, "key", "first_line").alias("reason"),
    )


def _quarantine(raw: RawChunk, findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with their raw rows as JSON, and the unreadable rows, in the order of the file."""
    if not findings.height:
        return raw.unreadable
    schema = raw.cells.schema
    broken = raw.cells.with_columns(raw.lines.alias("?line")).filter(
        pl.col("?line").is_in(findings["line"].unique().to_list())
    )
    rows = broken.select(
        pl.col("?line").alias("line"),
        pl.struct(raw_text(name, dtype).alias(name) for name, dtype in schema.items())
        .struct.json_encode()
        .alias("row"),
    )
    found = findings.join(rows, on="line", how="left", maintain_order="left").select(QUARANTINE_COLUMNS.keys())
    return pl.concat([found, raw.unreadable]).sort("line", maintain_order=True)
