"""A real process, killed at any moment of its runs: what was published stays, the next run goes on."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import sleep
from typing import TypeVar

import pytest
from sqlalchemy import Engine, func, select

from kehu.model.problems import RefusedError
from kehu.pipeline.confirming import publish_held
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rolling_back import roll_back
from kehu.tables.runs import memberships, publication, run_levels, runs, warnings
from kehu.workspace.workspace import Workspace

Answer = TypeVar("Answer")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 31, tzinfo=UTC)
# Works for ever by turns, so that every turn moves customers; tells when one has ended.
ENDLESS = """
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from kehu.pipeline.confirming import publish_held
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rolling_back import roll_back
from kehu.store.database import open_database
from kehu.workspace.workspace import open_workspace

workspace = open_workspace(Path(sys.argv[1]), {})
engine = open_database(workspace.settings.database_url)
march, january = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
told = dict(clock=lambda: march, progress=lambda what, done: None)
for turn in count():
    as_of = january if turn % 2 else march
    if sys.argv[2] == "rollback" and turn > 1:
        roll_back(engine, None, author="a", clock=lambda: march)
    report = resegment(workspace, engine, as_of, **told)
    if report.held and sys.argv[2] == "publish":
        publish_held(workspace, engine, report.run, author="a", **told)
    print("ended", flush=True)
"""
# Dies by its own hand at one statement of the work, so that the middle of it is met for sure.
DYING = """
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event

from kehu.pipeline.confirming import publish_held
from kehu.pipeline.rolling_back import roll_back
from kehu.store.database import open_database
from kehu.workspace.workspace import open_workspace

workspace = open_workspace(Path(sys.argv[1]), {})
engine = open_database(workspace.settings.database_url)
march = datetime(2026, 3, 1, 12, tzinfo=UTC)
writes = []

def die(connection, cursor, statement, *more):
    if statement.startswith(("INSERT", "UPDATE", "DELETE", "COPY")):
        writes.append(statement)
        if len(writes) == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

event.listen(engine, "before_cursor_execute", die)
if sys.argv[2] == "rollback":
    roll_back(engine, None, author="a", clock=lambda: march)
else:
    publish_held(workspace, engine, 2, author="a", clock=lambda: march, progress=lambda what, done: None)
"""
GUARDS = {"resegment": "off", "rollback": "off", "hold": "0.3", "publish": "0.3"}

FILES = {
    "data/crm.csv": "no,name,phone\n" + "".join(f"C{number},Name {number},\n" for number in range(300)),
    "data/tms/a.csv": "no,payer,at,amount\n"
    + "".join(f"W{number},C{number % 300},2026-0{1 + (number % 3 == 0)}-15,1\n" for number in range(900)),
}


def clock() -> datetime:
    """Noon on the first of March."""
    return NOW


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def begin(workspace: Workspace, engine: Engine) -> None:
    """Load the workspace."""
    load(workspace, engine, [], clock=clock, progress=quiet)


def run_twice(workspace: Workspace, engine: Engine) -> None:
    """Load the workspace and run it as of January and March."""
    begin(workspace, engine)
    for as_of in (JANUARY, NOW):
        resegment(workspace, engine, as_of, clock=clock, progress=quiet)


def kill_while_running(workspace: Workspace, work: str, seconds: float) -> None:
    """Start the endless work and kill it some time after its second turn."""
    command = [sys.executable, "-c", ENDLESS, str(workspace.root), work]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["ended\n"] * 2
        sleep(seconds)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL


def when_free(work: Callable[[], Answer]) -> Answer:
    """What the work gives, as soon as the server has noticed that the dead process is gone."""
    for _ in range(600):
        try:
            return work()
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


@pytest.mark.parametrize("work", list(GUARDS))
def test_whatever_is_killed_leaves_the_published_run_and_the_next_one_goes_on(
    work: str, small_workspace_after: Callable[..., Workspace], database: Engine
) -> None:
    workspace = small_workspace_after(begin, FILES, f'guard_max_change = "{GUARDS[work]}"\n')
    kill_while_running(workspace, work, random.Random(work).uniform(0, 0.3))
    is_whole(database)
    # In January twice as many are busy as in March: one of the two is held where the guard is on.
    for as_of in (JANUARY, NOW):
        report = when_free(lambda: resegment(workspace, database, as_of, clock=clock, progress=quiet))  # noqa: B023
        is_whole(database)
        if report.held and report.run is not None:
            publish_held(workspace, database, report.run, author="a", clock=clock, progress=quiet)
            is_whole(database)
    roll_back(database, None, author="a", clock=clock)
    is_whole(database)
    with database.connect() as connection:
        states = set(connection.execute(select(runs.c.state)).scalars())
    assert states <= {"published", "failed", "held", "discarded"}


@pytest.mark.parametrize(("work", "write"), [("rollback", 2), ("rollback", 6), ("publish", 1), ("publish", 5)])
def test_a_death_between_two_writes_leaves_nothing_of_them(
    work: str,
    write: int,
    small_workspace_after: Callable[..., Workspace],
    database: Engine,
    content: Callable[[Engine], dict[str, list[tuple[object, ...]]]],
) -> None:
    workspace = small_workspace_after(run_twice, FILES, f'guard_max_change = "{GUARDS[work]}"\n')
    command = [sys.executable, "-c", DYING, str(workspace.root), work, str(write)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    is_whole(database)
    before = content(database)
    with database.connect() as connection:
        states = [state for (state,) in connection.execute(select(runs.c.state).order_by(runs.c.id))]
    assert states == ["published", "published" if work == "rollback" else "held"]
    assert [len(before["publication"]), before["publication"][0][1]] == [1, 2 if work == "rollback" else 1]
    if work == "rollback":
        assert when_free(lambda: roll_back(database, None, author="a", clock=clock).run) == 3
    else:
        report = when_free(lambda: publish_held(workspace, database, 2, author="a", clock=clock, progress=quiet))
        assert report.is_published
    is_whole(database)
