"""What a load counts and keeps aside, file by file: batches and quarantine."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, select

from kehu.model.graph import Entity
from kehu.pipeline.transactions import writing
from kehu.sources.loader import QUARANTINE_COLUMNS, LoadedChunk
from kehu.store.load import FileCounts, Load
from kehu.tables.facts import batches, quarantine

Rows = dict[Entity, list[dict[str, object]]]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STAFF: Rows = {"employee": [{"key": "E1", "name": "陈晨"}, {"key": "E2", "name": "Zhao"}]}
TMS: Rows = {
    "shipment": [
        {"key": "W1", "number": "W1", "consignee_name": "Wang Wu", "consignee_phone": "139 0013 9002"},
        {"key": "W2", "number": "W2", "consignee_name": "Somebody", "payer_name": "Somebody"},
    ]
}


def misfit(*lines: int) -> pl.DataFrame:
    """A quarantine of those lines."""
    rows = [(line, "weight", "heavy", "not a number", "{}") for line in lines]
    return pl.DataFrame(rows, schema=QUARANTINE_COLUMNS, orient="row")


def take(engine: Engine, folder: Path, chunk: LoadedChunk, file: str = "a.csv", source: str = "tms") -> FileCounts:
    """Load one chunk as one file."""
    counts = FileCounts(source, file)
    folder.mkdir(exist_ok=True)
    with writing(engine) as connection:
        run = Load(connection, folder, "CN")
        run.take([chunk], counts, system="tms", clock=lambda: NOW)
        run.finish()
    return counts


def test_quarantine_is_replaced_when_its_file_comes_again(database: Engine, tmp_path: Path) -> None:
    nothing = pl.Series("line", [], dtype=pl.Int64)
    spool = tmp_path / "spool"
    take(database, spool, LoadedChunk(3, nothing, {}, misfit(2, 2, 3, 4)))
    take(database, spool, LoadedChunk(1, nothing, {}, misfit(9)), file="b.csv")
    take(database, spool, LoadedChunk(1, nothing, {}, misfit(8)), source="other")
    counts = take(database, spool, LoadedChunk(1, nothing, {}, misfit(3)))
    assert (counts.read, counts.loaded, counts.unchanged, counts.quarantined) == (1, 0, 0, 1)
    with database.connect() as connection:
        found = connection.execute(
            select(quarantine.c.source, quarantine.c.file, quarantine.c.line, quarantine.c.batch_id).order_by(
                quarantine.c.line
            )
        ).all()
    assert [tuple(row) for row in found] == [("tms", "a.csv", 3, 4), ("other", "a.csv", 8, 3), ("tms", "b.csv", 9, 2)]


def test_what_is_read_is_loaded_unchanged_or_quarantined(
    database: Engine, tmp_path: Path, chunk_of: Callable[[Rows], LoadedChunk]
) -> None:
    fitting = chunk_of(TMS)
    # Line 4 gives no record and does fit; lines 5 and 6 do not fit, one of them for two reasons.
    chunk = LoadedChunk(5, pl.Series("line", [2, 3, 4]), fitting.records, pl.concat([misfit(5), misfit(5), misfit(6)]))
    first = take(database, tmp_path / "spool", chunk)
    second = take(database, tmp_path / "spool", chunk)
    assert (first.read, first.loaded, first.unchanged, first.quarantined) == (5, 2, 1, 2)
    assert (second.read, second.loaded, second.unchanged, second.quarantined) == (5, 0, 3, 2)
    with database.connect() as connection:
        kept = connection.execute(
            select(batches.c.read, batches.c.loaded, batches.c.unchanged, batches.c.quarantined).order_by(batches.c.id)
        ).all()
        assert [tuple(row) for row in kept] == [(5, 2, 1, 2), (5, 0, 3, 2)]


def test_a_batch_has_its_beginning_and_end(
    sqlite_database: Engine, tmp_path: Path, chunk_of: Callable[[Rows], LoadedChunk]
) -> None:
    ticks = iter([NOW, LATER])
    with writing(sqlite_database) as connection:
        run = Load(connection, tmp_path, "CN")
        run.take([chunk_of(STAFF)], FileCounts("hr", "hr.csv"), system="hr", clock=lambda: next(ticks))
    with sqlite_database.connect() as connection:
        assert connection.execute(select(batches.c.started_at, batches.c.finished_at)).all() == [(NOW, LATER)]
