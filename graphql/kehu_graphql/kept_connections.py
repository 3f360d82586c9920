"""Connections that threads keep, without asking before each use whether they live."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class KeptConnections:
    """One for each thread that asks, in a mode in which no driver begins a transaction unasked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = _alone(engine)
        self._kept = threading.local()
        self._all: list[Connection] = []

    def own(self) -> Connection:
        """This thread's connection."""
        connection: Connection | None = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = _in_utc(self._engine.connect())
            self._all.append(connection)
        return connection

    def let_go(self, connection: Connection) -> None:
        """This thread's, after an error of its driver: it gets another."""
        self._kept.connection = None
        self._all.remove(connection)
        connection.invalidate()
        connection.close()

    def close(self) -> None:
        """All of them; no thread may be using its own."""
        for connection in self._all:
            connection.close()


@contextmanager
def one_state(connection: Connection) -> Iterator[None]:
    """A transaction over a kept connection; what it wrote, in temporary tables, goes with it."""
    begun = connection.begin()
    try:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ")
        yield
    finally:
        begun.rollback()


def _alone(engine: Engine) -> Engine:
    """SQLite's driver begins nothing, as `open_database` prepares it."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")


def _in_utc(connection: Connection) -> Connection:
    """Where a database shows instants in a zone, it shall be that of answers."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        # It was not part of a transaction, though SQLAlchemy thinks so.
        connection.rollback()
    return connection
