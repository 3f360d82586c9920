"""Runs: when each computed what, and which one readers see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from kehu.reader.columns import mapped
from kehu.reader.keyset import Key, Page, Window, read_page
from kehu.store.counting import count_rows
from kehu.tables.runs import publication, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One bulk re-segmentation as of an instant; `error` says why it failed, is held or was superseded.

    `finished_at` is None while it is computed, also of a held run that is computed again because it was confirmed.
    `author` is who rolled back, confirmed or discarded it; `replaces_run_id` the run published until it was, and
    `restores_run_id` that whose answers a rollback made the published ones again.
    """

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
    stages: Sequence[Mapping[str, Any]] | None
    error: str | None
    author: str | None
    replaces_run_id: int | None
    restores_run_id: int | None

    @property
    def goes_on(self) -> bool:
        """Whether it is being computed, as far as the database knows."""
        return self.finished_at is None


@dataclass(frozen=True, slots=True)
class Publication:
    """Which run readers see, and since when."""

    run_id: int
    published_at: datetime


_RUNS = mapped(Run, runs)
RUN_KEYS = (Key(runs.c.id, descending=True),)
_WATCHED_RUNS = 10


def published(connection: Connection) -> Publication | None:
    """None before the first run is published."""
    row = connection.execute(select(publication.c.run_id, publication.c.published_at)).one_or_none()
    return None if row is None else Publication(*row)


def runs_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Run]:
    """Unknown ids are absent."""
    return _RUNS.by(connection, runs.c.id, ids)


def run_page(connection: Connection, state: str | None, window: Window) -> Page[Run]:
    """Runs in the state, in any when it is None, the last started first."""
    return read_page(connection, _RUNS.select().where(*_in_state(state)), RUN_KEYS, window, _RUNS.build)


def count_runs(connection: Connection, state: str | None, *, up_to: int | None = None) -> int:
    """Runs in the state, in any when it is None; `up_to` stops counting there."""
    return count_rows(connection, select(runs.c.id).where(*_in_state(state)), up_to=up_to)


def run_as_of(connection: Connection, as_of: datetime) -> int | None:
    """The run whose answers count at the instant: of those as of then or before, the last published. None before."""
    done = (runs.c.state == "published", runs.c.as_of <= as_of)
    found: int | None = connection.scalar(select(func.max(runs.c.id)).where(*done))
    return found


def last_run(connection: Connection) -> int:
    """The number of the run started last; 0 before the first."""
    return connection.scalar(select(func.max(runs.c.id))) or 0


def next_run(connection: Connection, after: int) -> int | None:
    """The first run started after the one of that number; None when there is none yet."""
    found: int | None = connection.scalar(select(func.min(runs.c.id)).where(runs.c.id > after))
    return found


def any_goes_on(connection: Connection) -> bool:
    """Whether a run is being computed, or its process died before it could say that it ended."""
    return connection.scalar(select(func.count()).select_from(runs).where(runs.c.finished_at.is_(None))) != 0


def runs_mark(connection: Connection) -> tuple[object, ...]:
    """Differs as soon as another run is published, or one of the last ten begins, ends a stage or ends."""
    columns = (runs.c.id, runs.c.state, runs.c.finished_at, runs.c.stages)
    last = select(*columns).order_by(runs.c.id.desc()).limit(_WATCHED_RUNS)
    states = [(row.id, row.state, row.finished_at, len(row.stages or ())) for row in connection.execute(last)]
    return (published(connection), *states)


def expected_seconds(connection: Connection) -> dict[str, float]:
    """What each stage of the last published run took that was computed, in their order; empty before the first."""
    query = select(runs.c.stages).where(runs.c.state == "published", runs.c.restores_run_id.is_(None))
    stages = connection.scalar(query.order_by(runs.c.id.desc()).limit(1)) or ()
    return {stage["stage"]: stage["seconds"] for stage in stages}


def _in_state(state: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if state is None else (runs.c.state == state,)
