"""Figures on runs for those who watch over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from kehu.tables.runs import publication, run_levels, runs


@dataclass(frozen=True, slots=True)
class RunFigures:
    """Runs by state, when one last ended in each, and what the published run counted and took.

    `published` and `as_of` are None before the first run is published; states without a run are absent.
    """

    runs: Mapping[str, int]
    ended_at: Mapping[str, datetime]
    published: int | None
    as_of: datetime | None
    stages: Sequence[Mapping[str, Any]]
    members: Mapping[tuple[str, str], int]
    warnings: Mapping[str, int]


def run_figures(connection: Connection) -> RunFigures:
    """States, levels and warnings by name."""
    states = select(runs.c.state, func.count(), func.max(runs.c.finished_at)).group_by(runs.c.state)
    by_state = connection.execute(states.order_by(runs.c.state)).all()
    columns = (runs.c.id, runs.c.as_of, runs.c.stages, runs.c.counts)
    query = select(*columns).join(publication, publication.c.run_id == runs.c.id)
    current = connection.execute(query).one_or_none()
    counts = {} if current is None else current.counts or {}
    return RunFigures(
        runs={state: count for state, count, _ in by_state},
        ended_at={state: at for state, _, at in by_state if at is not None},
        published=None if current is None else current.id,
        as_of=None if current is None else current.as_of,
        stages=() if current is None else current.stages or (),
        members={} if current is None else _members(connection, current.id),
        warnings=dict(sorted(counts.get("warnings", {}).items())),
    )


def _members(connection: Connection, run_id: int) -> dict[tuple[str, str], int]:
    query = select(run_levels.c.ruleset, run_levels.c.level, run_levels.c.members).where(run_levels.c.run_id == run_id)
    rows = connection.execute(query.order_by(run_levels.c.ruleset, run_levels.c.level))
    return {(ruleset, level): members for ruleset, level, members in rows}
