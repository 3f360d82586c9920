"""What a transaction in bulk leaves out, it leaves out only until it ends."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, text
from sqlalchemy.exc import IntegrityError

from kehu.pipeline.transactions import Database, reading, writing, writing_in_bulk
from kehu.store.database import open_database
from kehu.tables.facts import customer_aliases

STRAY = {"uid": "a", "customer_id": 1}


def refused(engine: Engine) -> bool:
    """Whether an alias of nobody is refused."""
    try:
        with writing(engine) as connection:
            connection.execute(insert(customer_aliases).values(**STRAY))
    except IntegrityError:
        return True
    return False


def test_references_are_checked_again_after_it(database: Engine) -> None:
    with writing_in_bulk(database) as connection:
        connection.execute(text("SELECT 1"))
    assert refused(database)


def test_references_are_checked_again_after_it_failed(database: Engine) -> None:
    with pytest.raises(RuntimeError, match="enough"), writing_in_bulk(database):
        raise RuntimeError("enough")
    assert refused(database)


def fail_half_way(engine: Engine) -> None:
    with writing_in_bulk(engine) as connection:
        connection.execute(text("INSERT INTO departments (id, name) VALUES (1, 'finance')"))
        raise RuntimeError("enough")


def test_what_a_failed_one_wrote_is_not_there(database: Engine) -> None:
    with pytest.raises(RuntimeError, match="enough"):
        fail_half_way(database)
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM departments")).scalar_one() == 0


def test_sqlite_keeps_its_settings(sqlite_database: Engine) -> None:
    def settings() -> list[int]:
        with sqlite_database.connect() as connection:
            names = ("foreign_keys", "cache_size")
            return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    before = settings()
    with writing_in_bulk(sqlite_database) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 0
    assert settings() == before == [1, -65_536]


@pytest.fixture
def plain_user(postgres_server: str) -> Iterator[Callable[[], Engine]]:
    """The server for a user who may set nothing."""
    admin = create_engine(
        postgres_server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE plain LOGIN"))
    engine = open_database(postgres_server.replace("://postgres:", "://plain:"))
    yield lambda: engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP ROLE plain"))
    admin.dispose()


def test_a_user_who_may_not_go_without_the_checks_has_them(plain_user: Callable[[], Engine]) -> None:
    with writing_in_bulk(plain_user()) as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == "plain"
        assert connection.execute(text("SHOW session_replication_role")).scalar_one() == "origin"


def add_department(connection: Connection, name: str, *, fails: bool = False) -> None:
    """A step of a transaction."""
    with writing(connection) as step:
        number = step.execute(text("SELECT count(*) FROM departments")).scalar_one()
        step.execute(text("INSERT INTO departments (id, name) VALUES (:id, :name)"), {"id": number, "name": name})
        if fails:
            raise RuntimeError("enough")


def departments(database: Database) -> list[str]:
    """Their names, in the order they were added."""
    with reading(database) as connection:
        return list(connection.execute(text("SELECT name FROM departments ORDER BY id")).scalars())


def test_a_step_that_fails_is_undone_alone(database: Engine) -> None:
    with writing(database) as connection:
        add_department(connection, "finance")
        with pytest.raises(RuntimeError, match="enough"):
            add_department(connection, "sales", fails=True)
        add_department(connection, "service")
        assert departments(connection) == ["finance", "service"]
    assert departments(database) == ["finance", "service"]


def fail_after_a_step(engine: Engine) -> None:
    with writing(engine) as connection:
        add_department(connection, "finance")
        raise RuntimeError("enough")


def test_a_step_is_kept_only_with_the_whole(database: Engine) -> None:
    with pytest.raises(RuntimeError, match="enough"):
        fail_after_a_step(database)
    assert departments(database) == []
