"""Opening a workspace's database and bringing it to the newest schema."""

import sqlite3
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url

from kehu.tables import migrations

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
    # What migrates takes longer to import than many a command to run, and hardly ever is there anything to do.
    import_module("kehu.store.migrating").migrate(engine)


def newest_revision() -> str:
    """The revision the code expects: the files of migrations begin with theirs."""
    folder = Path(migrations.__file__).parent / "versions"
    return max(file.stem.partition("_")[0] for file in folder.glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


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
