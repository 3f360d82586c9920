"""Small histories of loads, and features that ask everything of events, from the store and from its mirror."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.model.graph import Entity, record_columns
from kehu.pipeline.transactions import writing
from kehu.sources.loader import QUARANTINE_COLUMNS, LoadedChunk
from kehu.store.database import open_database
from kehu.store.load import FileCounts, Load
from kehu.workspace.workspace import shipped_texts

Rows = Mapping[Entity, Sequence[Mapping[str, object]]]
LoadRows = Callable[[Engine, Rows], None]
LOADED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# What the shipped features do not ask for: the order of events in roles other than the first.
MORE = """
first_service_sent: {first: shipments.service, as: shipper}
last_service_sent: {last: shipments.service, as: shipper}
last_lane_received: {last: shipments.lane, as: consignee}
gap_mean_sent: {mean: shipments.gap_days, as: shipper}
transit_total: {sum: shipments.transit_days}
last_complaint: {last: complaints.category}
first_visit: {first: visits.purpose}
titles: {list: contacts.title}
promised_still: {count: shipments, where: "(promised_at ?? $now) > $now"}
promised_share: {share: shipments, of: "(promised_at ?? $today) > $today", over: 90 days, before: 20 days}
"""
_SAID = "unit: u, label: {en: e, zh: 中}, meaning: m"


@pytest.fixture(scope="session")
def catalogue() -> Callable[[], Catalogue]:
    """The shipped features and some more; behind a call, since Hypothesis would write it out with each failure."""
    more = "\n".join(f"{line[:-1]}, {_SAID}}}" for line in MORE.strip().splitlines())
    texts = {path: text for path, text in shipped_texts().items() if path.startswith("features/")}
    found, problems = read_catalogue({**texts, "features/more.yaml": more}, 2)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    return lambda: found


@pytest.fixture
def load_rows(tmp_path: Path) -> LoadRows:
    """One load of one file of system 'any' with records by entity."""
    numbers = count()

    def load(engine: Engine, rows: Rows) -> None:
        folder = tmp_path / f"spool{next(numbers)}"
        folder.mkdir()
        with writing(engine) as connection:
            run = Load(connection, folder, "CN")
            run.take([_chunk(rows)], FileCounts("any", "any.csv"), system="any", clock=lambda: LOADED_AT)
            run.finish()

    return load


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
