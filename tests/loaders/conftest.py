"""A source from its YAML and a file from its text, loaded."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from kehu.model.graph import Entity
from kehu.sources.loader import LoadedChunk
from kehu.sources.read import read_source
from kehu.sources.source import Source
from kehu_loaders.files import csv_loader

FORMATS = ("csv", "excel", "parquet", "sqlite")

Declare = Callable[..., Source]
LoadCsv = Callable[..., LoadedChunk]


@pytest.fixture
def declare() -> Declare:
    """A checked source; its YAML lacks nothing but `records`, and what is given as `head`."""

    def read(
        records: str,
        *,
        head: str = "",
        key: str = "id",
        file_format: str = "csv",
        zone: str = "Asia/Shanghai",
        currency: str = "CNY",
    ) -> Source:
        text = f"source: test\nformat: {file_format}\nfiles: data/*\nkey: {key}\n{head}\nrecords:\n{records}"
        source, problems = read_source(text, "sources/test.yaml", timezone=zone, currency=currency, formats=FORMATS)
        assert problems == []
        assert source is not None
        return source

    return read


@pytest.fixture
def load_csv(tmp_path: Path) -> LoadCsv:
    """The only chunk of a small CSV file."""

    def load(source: Source, content: str | bytes) -> LoadedChunk:
        file = tmp_path / "test.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        (chunk,) = csv_loader(source, file)
        return chunk

    return load


@pytest.fixture
def known() -> Callable[[LoadedChunk, Entity], list[dict[str, object]]]:
    """The records of an entity as dicts, without line, hash, currency and all that is null."""

    def dicts(chunk: LoadedChunk, entity: Entity) -> list[dict[str, object]]:
        frame: pl.DataFrame = chunk.records[entity]
        return [
            {
                name: value
                for name, value in row.items()
                if value is not None and name not in {"line", "hash", "currency"}
            }
            for row in frame.iter_rows(named=True)
        ]

    return dicts
