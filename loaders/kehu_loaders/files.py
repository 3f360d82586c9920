"""The loaders of files, one per format: a reader and the one mapping."""

from collections.abc import Iterator
from pathlib import Path

from kehu.sources.loader import LoadedChunk
from kehu.sources.source import Source
from kehu_loaders.csv_reader import read_csv
from kehu_loaders.excel_reader import read_excel
from kehu_loaders.mapping import map_chunks
from kehu_loaders.parquet_reader import read_parquet
from kehu_loaders.sqlite_reader import read_sqlite


def csv_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads delimited text."""
    return map_chunks(source, read_csv(source, file))


def excel_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads Excel workbooks."""
    return map_chunks(source, read_excel(source, file))


def parquet_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads Parquet files."""
    return map_chunks(source, read_parquet(source, file))


def sqlite_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads tables or queries of SQLite files."""
    return map_chunks(source, read_sqlite(source, file))
