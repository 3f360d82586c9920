"""Small record frames loaded straight into the graph, and whole databases as plain values."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select

from kehu.model.graph import Entity, record_columns
from kehu.pipeline.transactions import writing
from kehu.sources.loader import QUARANTINE_COLUMNS, LoadedChunk
from kehu.store.customers import ResolvedCounts
from kehu.store.database import open_database
from kehu.store.load import FileCounts, Load
from kehu.tables.schema import metadata

Rows = Mapping[Entity, Sequence[Mapping[str, object]]]
File = tuple[str, Rows]
LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
Content = dict[str, list[tuple[object, ...]]]
LOADED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def chunk_of() -> Callable[[Rows], LoadedChunk]:
    """Records by entity as a loader would hand them over: one line a record, hashed by its values."""
    return _chunk


@pytest.fixture
def load_files(tmp_path: Path) -> LoadFiles:
    """Load files, each (system, records by entity), in one load; returns what became of them."""
    numbers = count()

    def load(engine: Engine, *files: File, now: datetime = LOADED_AT) -> tuple[list[FileCounts], ResolvedCounts | None]:
        folder = tmp_path / f"spool{next(numbers)}"
        folder.mkdir()
        counts = []
        with writing(engine) as connection:
            run = Load(connection, folder, "CN")
            for system, rows in files:
                counts.append(FileCounts(system, f"{system}.csv"))
                run.take([_chunk(rows)], counts[-1], system=system, clock=lambda: now)
            resolved = run.finish()
        assert list(folder.iterdir()) == []
        return counts, resolved

    return load


@pytest.fixture
def content() -> Callable[[Engine], Content]:
    """Every row of every table, ordered."""

    def read(engine: Engine) -> Content:
        with engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }

    return read


@pytest.fixture
def new_sqlite(upgraded_sqlite: Path, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Another empty SQLite database at each call, quickly: generated tests need many."""
    engines: list[Engine] = []

    def make() -> Engine:
        file = tmp_path / f"copy{len(engines)}.sqlite3"
        shutil.copy(upgraded_sqlite, file)
        engines.append(open_database(f"sqlite:///{file}"))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def _chunk(rows: Rows) -> LoadedChunk:
    records: dict[Entity, pl.DataFrame] = {}
    line = 1
    for entity, items in rows.items():
        columns = record_columns(entity)
        full = []
        for item in items:
            line += 1
            row = dict.fromkeys(columns) | ({"currency": "CNY"} if "currency" in columns else {}) | dict(item)
            full.append(row | {"line": line, "hash": _hash(row)})
        records[entity] = pl.DataFrame(full, schema=columns)
    lines = pl.Series("line", range(2, line + 1), dtype=pl.Int64)
    return LoadedChunk(len(lines), lines, records, pl.DataFrame(schema=QUARANTINE_COLUMNS))


def _hash(row: Mapping[str, object]) -> int:
    return int.from_bytes(blake2b(repr(sorted(row.items())).encode(), digest_size=8).digest(), signed=True)
