"""The record of runs, whatever becomes of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from kehu.pipeline.transactions import writing
from kehu.publish.publish import Changes
from kehu.publish.run_log import Found, abandon_dead_runs, begin_run, fail_run, finish_run
from kehu.rules.book import RuleBook
from kehu.tables.runs import publication, runs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
DIGESTS = {"rule_digest": "r" * 64, "feature_digest": "f" * 64}


def begin(engine: Engine) -> int:
    """A begun run."""
    with writing(engine) as connection:
        return begin_run(connection, as_of=NOW, now=NOW, engine="polars", **DIGESTS)


def test_a_begun_run_is_on_record_before_it_ends(database: Engine) -> None:
    assert (begin(database), begin(database)) == (1, 2)
    with database.connect() as connection:
        row = connection.execute(select(runs).where(runs.c.id == 2)).one()
        assert connection.execute(select(publication)).all() == []
    assert row._asdict() == {
        "id": 2,
        "as_of": NOW,
        "state": "running",
        "engine": "polars",
        **DIGESTS,
        "customers": None,
        "started_at": NOW,
        "finished_at": None,
        "counts": None,
        "stages": None,
        "error": None,
        "author": None,
        "replaces_run_id": None,
        "restores_run_id": None,
    }


def test_a_finished_run_is_the_published_one(database: Engine) -> None:
    for number in (begin(database), begin(database)):
        with writing(database) as connection:
            counts = {"levels": {"a": {"b": 1}}}
            finish_run(connection, number, Found(3, counts, [{"stage": "features"}]), now=LATER)
    with database.connect() as connection:
        assert connection.execute(select(publication)).all() == [(1, 2, LATER)]
        row = connection.execute(select(runs).where(runs.c.id == 1)).one()
    assert (row.state, row.finished_at, row.customers, row.counts, row.stages) == (
        "published",
        LATER,
        3,
        {"levels": {"a": {"b": 1}}},
        [{"stage": "features"}],
    )


def test_a_failed_run_leaves_the_published_one(
    database: Engine, book_of: Callable[..., RuleBook], run_book: Callable[..., Changes]
) -> None:
    run_book(database, book_of(), {1: 3})
    number = begin(database)
    with writing(database) as connection:
        fail_run(connection, number, now=LATER, error="OSError: the disk is full")
    with database.connect() as connection:
        assert connection.execute(select(publication.c.run_id)).scalars().all() == [1]
        row = connection.execute(select(runs).where(runs.c.id == number)).one()
    assert (row.state, row.finished_at, row.error) == ("failed", LATER, "OSError: the disk is full")


def test_runs_whose_process_died_are_told_apart(
    database: Engine, book_of: Callable[..., RuleBook], run_book: Callable[..., Changes]
) -> None:
    run_book(database, book_of(), {1: 3})
    begin(database)
    begin(database)
    with writing(database) as connection:
        assert abandon_dead_runs(connection, now=LATER) == 2
        assert abandon_dead_runs(connection, now=LATER) == 0
    with database.connect() as connection:
        found = connection.execute(select(runs.c.id, runs.c.state, runs.c.error).order_by(runs.c.id)).all()
    assert [tuple(row) for row in found] == [
        (1, "published", None),
        (2, "failed", "the process ended before the run did"),
        (3, "failed", "the process ended before the run did"),
    ]


@pytest.mark.parametrize("state", ["done", ""])
def test_a_run_has_only_the_known_states(state: str, database: Engine) -> None:
    begin(database)
    with pytest.raises(IntegrityError, match=r"ck_runs_state|CHECK constraint"), database.begin() as connection:
        connection.execute(runs.update().values(state=state))
