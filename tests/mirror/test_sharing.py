"""Many rows are read by several processes, all of which see one state of the database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import Engine

from kehu.mirror.layout import LAYOUTS
from kehu.model.graph import Entity
from kehu.store import arrow_reading
from kehu.store.bulk_reading import arrow_reader, cursor_reader
from kehu.store.reading import STREAM_TABLES

LoadRows = Callable[[Engine, Mapping[Entity, Sequence[Mapping[str, object]]]], None]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def waybill(number: int) -> dict[str, object]:
    """A shipment paid for by one customer."""
    return {"key": f"W{number}", "number": f"W{number}", "payer_system": "any", "payer_key": "A", "accepted_at": AT}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, however few the rows and processors."""
    monkeypatch.setattr(arrow_reading, "_SHARED_ROWS", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def test_every_row_is_read_once_by_one_of_them(sqlite_database: Engine, load_rows: LoadRows, shared: None) -> None:
    people = [{"key": "A", "name": "Alpha Ltd"}]
    load_rows(sqlite_database, {"customer": people, "shipment": [waybill(number) for number in range(7)]})
    query, key = LAYOUTS["shipments"].query, STREAM_TABLES["shipments"].c.id
    with cursor_reader(sqlite_database) as one, arrow_reader(sqlite_database) as several:
        expected = pl.concat(one.slices(query)).sort("id")
        found = pl.concat(several.slices(query, key)).sort("id")
        assert found.equals(expected, null_equal=True)
        assert found["id"].n_unique() == 7


def test_a_load_that_comes_between_leaves_the_work_to_the_first(
    sqlite_database: Engine, load_rows: LoadRows, shared: None
) -> None:
    people = [{"key": "A", "name": "Alpha Ltd"}]
    load_rows(sqlite_database, {"customer": people, "shipment": [waybill(1), waybill(2), waybill(3)]})
    query, key = LAYOUTS["shipments"].query, STREAM_TABLES["shipments"].c.id
    with arrow_reader(sqlite_database) as several:
        assert len(several.read(query)) == 3
        load_rows(sqlite_database, {"shipment": [waybill(4)]})
        assert len(pl.concat(several.slices(query, key))) == 3
