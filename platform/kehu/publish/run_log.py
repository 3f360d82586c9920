"""The record of runs: begun, finished or failed, whatever becomes of the process."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kehu.store.bulk import lock_for_writing, next_id
from kehu.tables.runs import publication, runs


def begin_run(
    connection: Connection, *, as_of: datetime, now: datetime, rule_digest: str, feature_digest: str, engine: str
) -> int:
    """Write down that a run has begun; returns its number."""
    lock_for_writing(connection)
    run_id = next_id(connection, runs)
    row = {"id": run_id, "as_of": as_of, "state": "running", "engine": engine, "started_at": now}
    connection.execute(insert(runs).values(**row, rule_digest=rule_digest, feature_digest=feature_digest))
    return run_id


def finish_run(
    connection: Connection,
    run_id: int,
    *,
    now: datetime,
    customers: int,
    counts: dict[str, Any],
    timings: dict[str, Any],
) -> None:
    """Write down what a run found and move the pointer to it, in the transaction that wrote its answers."""
    done = {"state": "published", "finished_at": now, "customers": customers, "counts": counts, "timings": timings}
    connection.execute(update(runs).where(runs.c.id == run_id).values(**done))
    connection.execute(delete(publication))
    connection.execute(insert(publication).values(id=1, run_id=run_id, published_at=now))


def fail_run(connection: Connection, run_id: int, *, now: datetime, error: str) -> None:
    """Write down that a run ended without publishing, and why."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(state="failed", finished_at=now, error=error))


def abandon_dead_runs(connection: Connection, *, now: datetime) -> int:
    """Mark runs that never ended as failed: their process is gone. Returns how many there were."""
    dead = connection.execute(select(runs.c.id).where(runs.c.state == "running")).scalars().all()
    for run_id in dead:
        fail_run(connection, run_id, now=now, error="the process ended before the run did")
    return len(dead)
