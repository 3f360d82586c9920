"""Opening a workspace's database and bringing it to the newest schema."""

import sqlite3
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from kehu.model.problems import Place, Problem, RefusedError
from kehu.store.bulk import lock_for_writing
from kehu.tables import migrations
from kehu.tables.schema import metadata

_BUSY_SECONDS = 30
_BUSY_PAUSE_SECONDS = 0.02
_PRAGMAS = ("synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536")


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`; opens nothing yet.

    SQLite runs in WAL mode, so readers and one writer do not block each other.
    """
    target = _with_driver(make_url(url))
    if target.get_backend_name() != "sqlite":
        return create_engine(target, pool_pre_ping=True)
    if target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision; does nothing when it is there.

    Several processes may do so at once: one upgrades, the others wait. Raises RefusedError when the database is at
    a revision that this version does not know.
    """
    with engine.connect() as connection:
        if current_revision(connection) == newest_revision():
            return
    with engine.execution_options(writes=True).begin() as connection:
        lock_for_writing(connection)
        revision = current_revision(connection)
        if revision == newest_revision():
            return
        _check_revision(engine, revision)
        command.upgrade(_config(connection), "head")


def newest_revision() -> str | None:
    """The revision the code expects."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def schema_differences(connection: Connection) -> list[Any]:
    """What alembic would still change: empty when migrations and tables agree."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def _check_revision(engine: Engine, revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if revision is not None and revision not in known:
        place = Place(engine.url.render_as_string(hide_password=True))
        message = f"the database is at revision '{revision}', unknown here"
        remedy = "it was made by a newer version: install that one"
        raise RefusedError([Problem(place, "schema-revision", message, remedy)])


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    _keep_write_ahead_log(connection)
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _keep_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Put a new database into WAL mode. SQLite does not wait for others when it changes the mode, so this does."""
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(_BUSY_PAUSE_SECONDS)
        else:
            return


def _begin_immediately(connection: Connection) -> None:
    # The driver would begin a transaction late and upgrade its lock in the middle, which fails under a second writer.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
