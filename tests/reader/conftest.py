"""A small carrier with exact values, on SQLite and on PostgreSQL: every reading test runs on both."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest
from sqlalchemy import Connection, Engine, insert

from kehu.store.database import open_database, upgrade

# Test folders are no packages: the rows are read from the files beside this one, facts before runs.
ROW_FILES = ("carrier_facts.py", "carrier_runs.py")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def carrier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The seeded carrier; nothing may change it."""
    folder = tmp_path_factory.mktemp("carrier")
    url = f"sqlite:///{folder}/carrier.sqlite3"
    if request.param == "postgresql":
        url = _new_database(request.getfixturevalue("postgres_server"))
    engine = open_database(url)
    upgrade(engine)
    with engine.begin() as connection:
        for name in ROW_FILES:
            for table, rows in run_path(str(Path(__file__).with_name(name)))["ROWS"].items():
                connection.execute(insert(table), rows)
    yield engine
    engine.dispose()


def _new_database(server: str) -> str:
    name = f"carrier_{uuid.uuid4().hex}"
    admin = open_database(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def connection(carrier: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with carrier.connect() as opened:
        yield opened
