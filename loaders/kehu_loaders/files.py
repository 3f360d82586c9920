"""The loaders of files, one per format: a reader and the one mapping."""

from collections.abc import Iterator
from pathlib import Path

from kehu.sources.loader import LoadedChunk
from kehu.sources.source import Source
from kehu_loaders.csv_reader import read_csv
from kehu_loaders.excel_reader import read_excel
from kehu_loaders.mapping import map_chunks
from kehu_loaders.parquet_reader import read_parquet
from kehu_loaders.raw import excerpt, refuse_file
from kehu_loaders.sqlite_reader import read_sqlite


def csv_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads delimited text."""
    return map_chunks(source, read_csv(source, _plain(file)))


def excel_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads Excel workbooks."""
    return map_chunks(source, read_excel(source, _plain(file)))


def parquet_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads Parquet files."""
    return map_chunks(source, read_parquet(source, _plain(file)))


def sqlite_loader(source: Source, file: Path, /) -> Iterator[LoadedChunk]:
    """Loads tables or queries of SQLite files."""
    return map_chunks(source, read_sqlite(source, _plain(file)))


def _plain(file: Path) -> Path:
    """The file; raises RefusedError for a folder or a pipe, and for a name that is no text."""
    if str(file) != str(file).encode(errors="replace").decode():
        raise refuse_file(Path(excerpt(str(file))), "the file's name is not UTF-8", "rename the file")
    if file.exists() and not file.is_file():
        what = "a folder" if file.is_dir() else "a pipe or a device"
        raise refuse_file(file, f"this is {what}, not a file", "narrow the pattern under 'files:'")
    return file
