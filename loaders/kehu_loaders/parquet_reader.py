"""Streams Parquet files, a batch of rows at a time."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import parquet

from kehu.sources.source import Source
from kehu_loaders.header import check_header
from kehu_loaders.raw import CHUNK_ROWS, RawChunk, refuse_file, text_chunk


def read_parquet(source: Source, file: Path) -> Iterator[RawChunk]:
    """The file's rows; a row's line is its number in the file, from 1.

    Memory holds one batch of rows and the compressed pages of one row group. Raises RefusedError
    when the file is no Parquet file or lacks a column.
    """
    try:
        with parquet.ParquetFile(file, pre_buffer=False, memory_map=True) as opened:
            yield from _chunks(source, file, opened)
    except (pa.ArrowException, OSError) as error:
        raise refuse_file(file, "the file is not a readable Parquet file", "export it again") from error


def _chunks(source: Source, file: Path, opened: parquet.ParquetFile) -> Iterator[RawChunk]:
    header = check_header(opened.schema_arrow.names, source, file)
    read = 0
    for batch in opened.iter_batches(batch_size=CHUNK_ROWS, use_threads=False):
        cells = pl.DataFrame(pl.from_arrow(batch.rename_columns(header)))
        cells = cells.with_columns(_as_text(cells[name]) for name, dtype in cells.schema.items() if dtype == pl.Binary)
        lines = pl.int_range(read + 1, read + cells.height + 1, eager=True).alias("line")
        read += cells.height
        yield RawChunk(cells, lines, text_chunk([], [], [], []).unreadable)
    if not read:
        yield text_chunk(header, [], [], [])


def _as_text(column: pl.Series) -> pl.Series:
    """Bytes as the text they are, for many writers store it so; one by one where some are no text."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(column.name, [None if data is None else _decode(data) for data in column], pl.String)


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"X'{data.hex()}'"
