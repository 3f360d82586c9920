"""A real process, killed at any moment of its runs: what was published stays, the next run goes on."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import sleep

from sqlalchemy import Engine, func, select

from kehu.model.problems import RefusedError
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.run_report import RunReport
from kehu.tables.runs import memberships, publication, run_levels, runs, warnings
from kehu.workspace.workspace import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 31, tzinfo=UTC)
# Runs for ever, now and in January by turns, so that every run moves customers; tells when it has begun.
ENDLESS = """
import sys
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from kehu.pipeline.resegmenting import resegment
from kehu.store.database import open_database
from kehu.workspace.workspace import open_workspace

workspace = open_workspace(Path(sys.argv[1]), {})
engine = open_database(workspace.settings.database_url)
instants = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
for instant in cycle(instants):
    resegment(workspace, engine, instant, clock=lambda: instant, progress=lambda what, done: None)
    print("published", flush=True)
"""


def clock() -> datetime:
    """Noon on the first of March."""
    return NOW


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def kill_while_running(workspace: Workspace, seconds: float) -> None:
    """Start the endless runs and kill them some time after the first is published."""
    command = [sys.executable, "-c", ENDLESS, str(workspace.root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "published\n"
        sleep(seconds)
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL


def run_when_free(workspace: Workspace, engine: Engine, as_of: datetime) -> RunReport:
    """A run, as soon as the server has noticed that the dead process is gone."""
    for _ in range(50):
        try:
            return resegment(workspace, engine, as_of, clock=clock, progress=quiet)
        except RefusedError as error:
            if error.problems[0].check != "run-in-progress":
                raise
            sleep(0.1)
    raise AssertionError("the lock outlived its holder")


def is_whole(engine: Engine) -> None:
    """What readers see is exactly what one ended run wrote."""
    with engine.connect() as connection:
        (number,) = connection.execute(select(publication.c.run_id)).scalars()
        run = connection.execute(select(runs).where(runs.c.id == number)).one()
        assert run.state == "published"
        assert number == connection.execute(select(func.max(runs.c.id)).where(runs.c.state == "published")).scalar()
        counted = connection.execute(
            select(memberships.c.ruleset, memberships.c.level, func.count())
            .where(memberships.c.until_run_id.is_(None))
            .group_by(memberships.c.ruleset, memberships.c.level)
        )
        kept = select(run_levels.c.ruleset, run_levels.c.level, run_levels.c.members).where(
            run_levels.c.run_id == number, run_levels.c.members > 0
        )
        assert sorted(map(tuple, counted)) == sorted(map(tuple, connection.execute(kept)))
        firing = select(func.count()).select_from(warnings).where(warnings.c.cleared_run_id.is_(None))
        assert connection.execute(firing).scalar() == run.counts["warnings"]["quiet"]
        for column in (memberships.c.from_run_id, memberships.c.until_run_id, warnings.c.fired_run_id):
            newest = connection.execute(select(func.max(column))).scalar()
            assert newest is None or newest <= number


def test_a_killed_run_leaves_the_published_one_and_the_next_run_goes_on(
    small_workspace: Callable[..., Workspace], database: Engine
) -> None:
    lists = [f"C{number},Name {number},\n" for number in range(300)]
    waybills = [f"W{number},C{number % 300},2026-0{1 + number % 2}-15,1\n" for number in range(900)]
    files = {
        "data/crm.csv": "no,name,phone\n" + "".join(lists),
        "data/tms/a.csv": "no,payer,at,amount\n" + "".join(waybills),
    }
    workspace = small_workspace(files, 'guard_max_change = "off"\n')
    load(workspace, database, [], clock=clock, progress=quiet)
    for seed in range(2):
        kill_while_running(workspace, random.Random(seed).uniform(0, 0.3))
        is_whole(database)
        report = run_when_free(workspace, database, NOW if seed else JANUARY)
        is_whole(database)
        with database.connect() as connection:
            states = dict(connection.execute(select(runs.c.id, runs.c.state)).all())
        assert states[report.run] == "published"
        assert set(states.values()) <= {"published", "failed"}
