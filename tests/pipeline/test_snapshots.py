"""One state of the database answers several questions alike, from the mirror as from memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.features.catalogue import Catalogue
from kehu.features.selection import only
from kehu.pipeline.facts import Present
from kehu.pipeline.loading import load
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.snapshots import Mirrored, Read, take_snapshot
from kehu.store.database import open_database, upgrade
from kehu.workspace.workspace import Workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INSTANTS = [datetime(2026, 1, 15, tzinfo=UTC) + timedelta(days=days) for days in (0, 20, 45)]
FEATURES = """
shipments_30d: {count: shipments, over: 30 days, unit: u, label: {en: e, zh: 中}, meaning: m}
revenue_total: {sum: shipments.revenue, unit: currency, label: {en: e, zh: 中}, meaning: m}
kind: {attribute: kind, label: {en: e, zh: 中}, meaning: m}
"""
MORE = "no,payer,at,amount\nW4,C3,2026-02-01,5\nW5,C1,2026-02-02,\n"
COLUMNS = ("payer_id", "at", "status")


@contextmanager
def loaded(workspace: Workspace) -> Iterator[tuple[Engine, Catalogue]]:
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=lambda: NOW, progress=lambda _what, _rows: None)
    yield engine, read_rule_directory(workspace)[0]
    engine.dispose()


def rows(frame: pl.LazyFrame) -> list[tuple[object, ...]]:
    return sorted(frame.select(COLUMNS).collect().rows(), key=str)


def test_the_mirror_answers_as_memory_does_and_neither_sees_later_loads(
    small_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    workspace = small_workspace({"rules/features/shipments.yaml": FEATURES})
    with loaded(workspace) as (engine, catalogue):
        some = only(catalogue, {"shipments_30d"})
        told: list[str] = []
        mirrored, read = (
            take_snapshot(
                Present(engine, folder, lambda what, _: told.append(what)), [some, catalogue], {"shipments": COLUMNS}
            )
            for folder in (tmp_path / "copy", None)
        )
        assert (type(mirrored), type(read), told) == (Mirrored, Read, [])
        before = [mirrored.features(catalogue, at) for at in INSTANTS], rows(mirrored.events("shipments", COLUMNS))
        (workspace.root / "data/tms/b.csv").write_text(MORE)
        load(workspace, engine, [], clock=lambda: NOW, progress=lambda _what, _rows: None)
        for snapshot in (mirrored, read):
            for at, expected in zip(INSTANTS, before[0], strict=True):
                assert snapshot.features(catalogue, at).equals(expected, null_equal=True)
                assert snapshot.features(some, at)["shipments_30d"].equals(expected["shipments_30d"])
            assert rows(snapshot.events("shipments", COLUMNS)) == before[1]
        assert before[0][2].sort("revenue_total")["revenue_total"].to_list() == [0, 700, 1850]
        assert len(before[1]) == 3


def test_where_the_mirror_cannot_be_written_it_is_read_and_said(
    small_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    with loaded(small_workspace()) as (engine, catalogue):
        (tmp_path / "way").write_text("a file is in the way")
        told: list[str] = []
        found = take_snapshot(Present(engine, tmp_path / "way", lambda what, _: told.append(what)), [catalogue])
        assert found.features(catalogue, INSTANTS[1])["shipments_30d"].sort().to_list() == [0, 0, 2]
        assert isinstance(found, Read)
        assert [what.partition(":")[0] for what in told] == ["reading the database itself, its mirror cannot be used"]
