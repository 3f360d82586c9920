"""The record of runs: begun, published, held, failed or discarded, whatever becomes of the process."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kehu.store.bulk import lock_for_writing, next_id
from kehu.store.notices import tell_servers
from kehu.tables.runs import publication, runs


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found: counts by level and warning, and what each stage took, in their order.

    `author` is the person who asked for the publication by name, None for a run as it is due.
    """

    customers: int
    counts: dict[str, Any]
    stages: Sequence[dict[str, Any]]
    author: str | None = None


def begin_run(
    connection: Connection, *, as_of: datetime, now: datetime, rule_digest: str, feature_digest: str, engine: str
) -> int:
    """Write down that a run has begun; returns its number."""
    lock_for_writing(connection)
    run_id = next_id(connection, runs)
    row = {"id": run_id, "as_of": as_of, "state": "running", "engine": engine, "started_at": now}
    connection.execute(insert(runs).values(**row, rule_digest=rule_digest, feature_digest=feature_digest))
    tell_servers(connection)
    return run_id


def finish_run(connection: Connection, run_id: int, found: Found, *, now: datetime) -> None:
    """Write down what a run found and move the pointer to it, in the transaction that wrote its answers.

    Runs that are held from before it can no longer be published: they count as discarded.
    """
    before = published_run(connection)
    _end_run(connection, run_id, "published", found, now=now)
    connection.execute(update(runs).where(runs.c.id == run_id).values(replaces_run_id=before, error=None))
    older = (runs.c.state == "held", runs.c.id < run_id)
    superseded = {"state": "discarded", "error": f"superseded by run {run_id}"}
    connection.execute(update(runs).where(*older).values(**superseded))
    connection.execute(delete(publication))
    connection.execute(insert(publication).values(id=1, run_id=run_id, published_at=now))


def hold_run(connection: Connection, run_id: int, found: Found, *, now: datetime, error: str) -> None:
    """Write down what a run found, and why it is not published until a person says so."""
    _end_run(connection, run_id, "held", found, now=now)
    connection.execute(update(runs).where(runs.c.id == run_id).values(error=error))


def reopen_held(connection: Connection, run_id: int) -> None:
    """Write down that a held run is computed again: it has not finished, and no stage of it is done."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(finished_at=None, stages=[]))
    tell_servers(connection)


def close_held(connection: Connection, run_id: int, *, now: datetime, error: str) -> None:
    """Write down that such a run ended without being published, and why; one that is published or held stays that."""
    open_still = (runs.c.id == run_id, runs.c.state == "held", runs.c.finished_at.is_(None))
    connection.execute(update(runs).where(*open_still).values(finished_at=now, error=error))
    tell_servers(connection)


def discard_run(connection: Connection, run_id: int, *, now: datetime, author: str) -> None:
    """Write down that a held run shall never be published, and who said so."""
    done = {"state": "discarded", "finished_at": now, "author": author}
    connection.execute(update(runs).where(runs.c.id == run_id).values(**done))
    tell_servers(connection)


def fail_run(connection: Connection, run_id: int, *, now: datetime, error: str) -> None:
    """Write down that a run ended without publishing, and why; one that has been published or is held stays that."""
    ended = {"state": "failed", "finished_at": now, "error": error}
    connection.execute(update(runs).where(runs.c.id == run_id, runs.c.state == "running").values(**ended))
    tell_servers(connection)


def record_stages(connection: Connection, run_id: int, stages: Sequence[dict[str, Any]]) -> None:
    """Write down what each stage took, of which the last is known only when it is over."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(stages=list(stages)))
    tell_servers(connection)


def abandon_dead_runs(connection: Connection, *, now: datetime) -> int:
    """Mark runs that never ended as failed: their process is gone. Returns how many there were.

    Held ones that were being computed again only end; they stay held.
    """
    connection.execute(update(runs).where(runs.c.state == "held", runs.c.finished_at.is_(None)).values(finished_at=now))
    dead = connection.execute(select(runs.c.id).where(runs.c.state == "running")).scalars().all()
    for run_id in dead:
        fail_run(connection, run_id, now=now, error="the process ended before the run did")
    return len(dead)


def published_run(connection: Connection) -> int | None:
    """The run readers follow; None before the first."""
    return connection.execute(select(publication.c.run_id)).scalar()


def withdrawn_runs(connection: Connection) -> list[int]:
    """Published runs that a rollback went back behind, so that what they told counts as a mistake."""
    restores = (runs.c.id, runs.c.restores_run_id)
    query = select(*restores).where(runs.c.state == "published").order_by(runs.c.id.desc())
    withdrawn, below = [], None
    for number, restored in connection.execute(query):
        # Between a rollback and the run it restores everything was taken back, other rollbacks too.
        if below is not None and number > below:
            withdrawn.append(number)
        else:
            below = restored
    return withdrawn


def _end_run(connection: Connection, run_id: int, state: str, found: Found, *, now: datetime) -> None:
    done = {"state": state, "finished_at": now, "customers": found.customers, "author": found.author}
    values = {**done, "counts": found.counts, "stages": list(found.stages)}
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
    tell_servers(connection)
