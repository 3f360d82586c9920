"""How the pipeline touches the database: one writer, and readers that see one state."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from kehu.store.bulk import lock_for_writing


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that waits for its turn to write; rolled back when the block raises."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        lock_for_writing(connection)
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent state of the database for several queries, whatever others write meanwhile."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
        yield connection
