"""An earlier run's answers made the published ones again, and held runs that shall never be."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, select

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.confirming import held_run
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, reading, writing
from kehu.publish.history import MEMBER
from kehu.publish.rollback import Restoration, restoration, restore
from kehu.publish.run_log import Found, abandon_dead_runs, begin_run, discard_run, finish_run, published_run
from kehu.store.lock import only_run
from kehu.tables.runs import runs

ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """What a rollback changes. `run` is its own number, None for a dry one.

    The published run was `from_run` and its answers become those of `to_run` as of `as_of`. `moves` are the customers
    by (rule set, level before, level after), with None for no level; flags go one by one.
    """

    run: int | None
    from_run: int
    to_run: int
    as_of: datetime
    entered: int
    left: int
    fired: int
    cleared: int
    moves: tuple[tuple[str, str | None, str | None, int], ...]


def roll_back(engine: Database, run: int | None, *, author: str, clock: Clock, dry_run: bool = False) -> RollbackReport:
    """Publish the answers of an earlier run again, in one transaction; by default the one before the published one.

    Raises RefusedError for a run that was never published or is, and while another run goes on.
    """
    with only_run(engine.engine):
        if dry_run:
            with reading(engine) as connection:
                published, target = _ends(connection, run)
                return _report(None, published, target, restoration(connection, target.id))
        with writing(engine) as connection:
            published, target = _ends(connection, run)
            abandon_dead_runs(connection, now=clock())
            changes = restoration(connection, target.id)
            digests = {"rule_digest": target.rule_digest, "feature_digest": target.feature_digest}
            # As of the run whose place it takes: what that one began is over as of then, and nothing before.
            run_id = begin_run(connection, as_of=published.as_of, now=clock(), engine=ROLLBACK, **digests)
            restore(connection, run_id, target.id, changes)
            report = _report(run_id, published, target, changes)
            finish_run(connection, run_id, Found(target.customers, _counts(target, report), [], author), now=clock())
        return report


def discard(engine: Database, run: int, *, author: str, clock: Clock) -> None:
    """Let a held run never be published. Raises RefusedError when it is not held, or being published after all."""
    with writing(engine) as connection:
        held = held_run(connection, run)
        # Without an end it is being computed again, unless its process has died.
        with only_run(engine.engine) if held.finished_at is None else nullcontext():
            discard_run(connection, run, now=clock(), author=author)


def _ends(connection: Connection, run: int | None) -> tuple[Row[Any], Row[Any]]:
    """The published run and the one to go back to."""
    number = published_run(connection)
    published = None if number is None else _row(connection, number)
    if published is None:
        raise _refusal(run, "nothing-published", "no run is published yet")
    # A rollback shows the answers of another run: the one before is the one before that.
    shown = _shown(connection, published)
    if run is None:
        before = select(runs.c.id).where(runs.c.state == "published", runs.c.id < shown.id)
        run = connection.scalar(before.order_by(runs.c.id.desc()).limit(1))
        if run is None:
            raise _refusal(shown.id, "no-earlier-run", f"no run was published before run {shown.id}")
    target = _row(connection, run)
    if target is None:
        raise _refusal(run, "unknown-run", f"there is no run {run}")
    if target.state != "published":
        raise _refusal(run, "not-published", f"run {run} was never published: it is {target.state}")
    if _shown(connection, target).id == shown.id:
        raise _refusal(run, "is-published", f"the answers of run {run} are the published ones")
    return published, target


def _shown(connection: Connection, row: Row[Any]) -> Row[Any]:
    while row.restores_run_id is not None:
        row = connection.execute(select(runs).where(runs.c.id == row.restores_run_id)).one()
    return row


def _row(connection: Connection, run: int) -> Row[Any] | None:
    return connection.execute(select(runs).where(runs.c.id == run)).one_or_none()


def _report(run_id: int | None, published: Row[Any], target: Row[Any], changes: Restoration) -> RollbackReport:
    return RollbackReport(
        run=run_id,
        from_run=published.id,
        to_run=target.id,
        as_of=target.as_of,
        entered=len(changes.entered),
        left=len(changes.left),
        fired=len(changes.fired),
        cleared=len(changes.cleared),
        moves=_moves(changes),
    )


def _moves(changes: Restoration) -> tuple[tuple[str, str | None, str | None, int], ...]:
    """Whoever leaves one level of a rule set and enters one counts as one move."""
    key = ["customer", "ruleset"]
    left, entered = changes.left.select(MEMBER), changes.entered.select(MEMBER)
    several = pl.concat([side.group_by(key).len().filter(pl.col("len") > 1).select(key) for side in (left, entered)])
    one_each = left.join(several, on=key, how="anti").join(
        entered.join(several, on=key, how="anti"), on=key, how="full", coalesce=True, suffix="_after"
    )
    out = left.join(several, on=key, how="semi")
    into = entered.join(several, on=key, how="semi").rename({"level": "level_after"})
    columns = ["ruleset", "level", "level_after"]
    counted = pl.concat([one_each, out, into], how="diagonal").group_by(columns).len("customers").sort(columns)
    return tuple(counted.select(*columns, "customers").rows())


def _counts(target: Row[Any], report: RollbackReport) -> dict[str, Any]:
    changed = {name: getattr(report, name) for name in ("entered", "left", "fired", "cleared")}
    return {**(target.counts or {}), **changed}


def _refusal(run: int | None, check: str, message: str) -> RefusedError:
    place = Place("run" if run is None else f"run {run}")
    return RefusedError([Problem(place, check, message, "see 'kehu runs list'")])
