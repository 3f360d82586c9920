"""Two loads, two runs, one database: writers take turns, a second run is refused."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import Engine, func, select, text

from kehu.model.graph import Entity
from kehu.model.problems import RefusedError
from kehu.pipeline.transactions import reading, writing
from kehu.sources.loader import LoadedChunk
from kehu.store.load import FileCounts, Load
from kehu.store.lock import only_run
from kehu.tables.facts import batches, customers, departments, source_records

Rows = dict[Entity, list[dict[str, object]]]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_loads_at_once_take_turns(database: Engine, tmp_path: Path, chunk_of: Callable[[Rows], LoadedChunk]) -> None:
    def load(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        with writing(database) as connection:
            run = Load(connection, folder, "CN")
            # Each loads its own customer and one that all of them load.
            names = ("all", f"own {number}")
            rows: Rows = {"customer": [{"key": name, "name": name} for name in names]}
            counts = FileCounts("crm", f"{number}.csv")
            run.take([chunk_of(rows)], counts, system="crm", clock=lambda: NOW)
            sleep(0.05)
            run.finish()
            return counts.loaded

    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(load, range(4)))
    assert sorted(loaded) == [1, 1, 1, 2]
    with database.connect() as connection:
        assert sorted(connection.execute(select(customers.c.name)).scalars()) == [
            "all",
            "own 0",
            "own 1",
            "own 2",
            "own 3",
        ]
        assert connection.execute(select(func.count()).select_from(source_records)).scalar_one() == 5
        assert sorted(connection.execute(select(batches.c.id)).scalars()) == [1, 2, 3, 4]


def test_a_reader_sees_one_state_while_another_writes(database: Engine) -> None:
    def found(department: int) -> None:
        with writing(database) as connection:
            connection.execute(departments.insert().values(id=department, name=str(department)))

    found(1)
    with reading(database) as connection:
        before = connection.execute(select(departments.c.id)).scalars().all()
        found(2)
        assert connection.execute(select(departments.c.id)).scalars().all() == before == [1]
    with reading(database) as connection:
        assert sorted(connection.execute(select(departments.c.id)).scalars()) == [1, 2]


def test_a_block_that_raises_writes_nothing(database: Engine) -> None:
    def fail() -> None:
        with writing(database) as connection:
            connection.execute(departments.insert().values(id=1, name="x"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.connect() as connection:
        assert connection.execute(select(departments)).all() == []


def test_a_second_run_is_refused_at_once_and_a_later_one_is_not(database: Engine) -> None:
    with only_run(database), pytest.raises(RefusedError) as caught, only_run(database):
        pass
    (problem,) = caught.value.problems
    assert (problem.check, problem.message) == ("run-in-progress", "another run works on this database")
    assert problem.remedy == "wait until it has ended; 'kehu runs list' shows it"
    with only_run(database):
        pass


def test_the_lock_is_given_back_when_the_run_fails(database: Engine) -> None:
    def fail() -> None:
        with only_run(database):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with only_run(database):
        pass


def test_the_run_lock_holds_between_threads_and_lets_loads_through(database: Engine) -> None:
    begun, end = threading.Event(), threading.Event()

    def run() -> None:
        with only_run(database):
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(10)
    with pytest.raises(RefusedError), only_run(database):
        pass
    with writing(database) as connection:
        connection.execute(departments.insert().values(id=1, name="x"))
    end.set()
    thread.join()
    with only_run(database):
        pass


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_holding_the_run_lock_keeps_no_transaction_open_on_postgresql(database: Engine) -> None:
    with only_run(database), database.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert connection.execute(text(query)).scalar_one() == 0
