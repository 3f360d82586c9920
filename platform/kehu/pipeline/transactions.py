"""How the pipeline touches the database: one writer, and readers that see one state."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from kehu.store.bulk import lock_for_writing

# Half a GB of pages: in less, what changes here and there is written several times.
_IN_BULK = {"foreign_keys": 0, "cache_size": -524_288}

# A connection stands for a transaction that has begun already, so that several steps are kept together or not at all.
Database = Engine | Connection


@contextmanager
def writing(database: Database, *, wait_seconds: float = 0) -> Iterator[Connection]:
    """A transaction that waits for its turn to write; rolled back when the block raises.

    Within a transaction that writes already it is a step of it: undone alone when it raises, kept only with the whole.
    With `wait_seconds` PostgreSQL gives up after so long, as SQLite always does after half a minute: OperationalError.
    """
    if isinstance(database, Connection):
        with database.begin_nested():
            yield database
        return
    with database.connect().execution_options(writes=True) as connection, connection.begin():
        if wait_seconds and connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(wait_seconds * 1000)}")
        lock_for_writing(connection)
        yield connection


@contextmanager
def writing_unless_busy(engine: Engine) -> Iterator[Connection]:
    """The same that waits for nobody: OperationalError at once while another process writes to SQLite."""
    connecting = engine.connect().execution_options(writes=True)
    with connecting as connection, _pragmas(connection, {"busy_timeout": 0}), connection.begin():
        yield connection


@contextmanager
def writing_in_bulk(engine: Engine) -> Iterator[Connection]:
    """The same for very many rows, which must refer to what there is: it is not checked here.

    To look up the customer of each row takes a database as long as to write the row. PostgreSQL looks it up all the
    same unless its user may set `session_replication_role`.
    """
    connecting = engine.connect().execution_options(writes=True)
    with connecting as connection, _pragmas(connection, _IN_BULK), connection.begin():
        lock_for_writing(connection)
        if _may_trust(connection):
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """One consistent state of the database for several queries, whatever others write meanwhile.

    Within a transaction that writes it sees what that one has written.
    """
    if isinstance(database, Connection):
        yield database
        return
    level = "REPEATABLE READ" if database.dialect.name == "postgresql" else "SERIALIZABLE"
    with database.connect().execution_options(isolation_level=level) as connection, connection.begin():
        yield connection


@contextmanager
def _pragmas(connection: Connection, settings: Mapping[str, int]) -> Iterator[None]:
    """SQLite's settings until the block ends. They cannot change within a transaction, so this needs one not begun."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    before = {name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in settings}
    try:
        for name, value in settings.items():
            driver.execute(f"PRAGMA {name}={value}")
        yield
    finally:
        for name, value in before.items():
            driver.execute(f"PRAGMA {name}={value}")


def _may_trust(connection: Connection) -> bool:
    """Whether it is PostgreSQL and lets this user go without its checks of references."""
    if connection.dialect.name != "postgresql":
        return False
    # Only since PostgreSQL 15 can it be granted to others than superusers.
    is_granted = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
    is_superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    grants = (connection.dialect.server_version_info or ()) >= (15,)
    return bool(connection.exec_driver_sql(is_granted if grants else is_superuser).scalar())
