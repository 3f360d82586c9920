"""Runs: when each computed what, and which one readers see."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from kehu.reader.columns import mapped
from kehu.reader.keyset import Key, Page, Window, read_page
from kehu.tables.runs import publication, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One bulk re-segmentation as of an instant; `error` only when it failed."""

    id: int
    as_of: datetime
    state: str
    engine: str
    rule_digest: str
    feature_digest: str
    customers: int | None
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, Any] | None
    timings: Mapping[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Publication:
    """Which run readers see, and since when."""

    run_id: int
    published_at: datetime


_RUNS = mapped(Run, runs)
RUN_KEYS = (Key(runs.c.id, descending=True),)


def published(connection: Connection) -> Publication | None:
    """None before the first run is published."""
    row = connection.execute(select(publication.c.run_id, publication.c.published_at)).one_or_none()
    return None if row is None else Publication(*row)


def runs_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Run]:
    """Unknown ids are absent."""
    return _RUNS.by(connection, runs.c.id, ids)


def run_page(connection: Connection, window: Window) -> Page[Run]:
    """Runs in any state, the last started first."""
    return read_page(connection, _RUNS.select(), RUN_KEYS, window, _RUNS.build)


def count_runs(connection: Connection) -> int:
    """Runs in any state."""
    return connection.scalar(select(func.count()).select_from(runs)) or 0
