"""One run at a time per database, by a lock that the system takes back when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from kehu.model.problems import Place, Problem, RefusedError


@contextmanager
def only_run(engine: Engine) -> Iterator[None]:
    """Hold the run lock; raises RefusedError at once when another run holds it.

    PostgreSQL: a session's advisory lock. SQLite: a lock on a file beside the database.
    """
    held = _hold_file(Path(engine.url.database or "")) if engine.dialect.name == "sqlite" else _hold_session(engine)
    with held:
        yield


@contextmanager
def _hold_file(database: Path) -> Iterator[None]:
    with database.with_name(database.name + ".run-lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _refusal(str(database)) from error
        yield


@contextmanager
def _hold_session(engine: Engine) -> Iterator[None]:
    # Without a transaction, which would stay open as long as the run and keep the server from tidying up.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(hashtext('kehu.run'))")).scalar_one():
            raise _refusal(engine.url.render_as_string(hide_password=True))
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext('kehu.run'))"))


def _refusal(database: str) -> RefusedError:
    remedy = "wait until it has ended; 'kehu runs list' shows it"
    return RefusedError([Problem(Place(database), "run-in-progress", "another run works on this database", remedy)])
