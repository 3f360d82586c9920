"""Word to servers of other processes that what runs wrote has changed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

CHANNEL = "kehu_runs"


def tell_servers(connection: Connection) -> None:
    """Sent by PostgreSQL when the transaction is committed, to whoever listens; on SQLite servers look themselves."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_notify('{CHANNEL}', '')")


@contextmanager
def commits_of_others(engine: Engine) -> Iterator[Callable[[], int]]:
    """Gives what answers, within microseconds, a number that differs after any commit to an SQLite database.

    It may be asked by any thread, by one at a time.
    """
    # No transaction begins on it: within one the number would stand still.
    connection = engine.raw_connection()
    driver = connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"'{engine.dialect.name}' is not SQLite")
    try:
        yield lambda: int(driver.execute("PRAGMA data_version").fetchone()[0])
    finally:
        connection.close()
