"""A query that takes too long is ended in the database too, and so is one whose client has left."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from sqlalchemy import Engine

from kehu_graphql.reads import READER_THREADS

SLOW = {
    "sqlite": "SELECT 1 AS id, 1 AS run_id, 0 AS published_at WHERE "
    "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n) > 0",
    "postgresql": "SELECT 1 AS id, 1::bigint AS run_id, now() AS published_at FROM pg_sleep(600)",
}
ENDLESS = {"query": "{ publishedRun { number } }"}
Serving = Callable[..., AbstractContextManager[httpx.Client]]


@pytest.fixture
def endless(database: Engine) -> Iterator[Engine]:
    """A database that never says which run is published."""
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE publication")
        connection.exec_driver_sql(f"CREATE VIEW publication AS {SLOW[database.dialect.name]}")
    yield database
    if database.dialect.name == "postgresql":
        with database.connect() as connection:
            asleep = (
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%FROM publication%%'"
            )
            assert connection.exec_driver_sql(f"{asleep} AND pid <> pg_backend_pid()").scalar() == 0


def answered(client: httpx.Client) -> object:
    return client.post("/graphql", json={"query": "{ customers { totalCount } }"}).json()


def test_a_query_is_ended_after_its_time_and_the_next_is_answered(endless: Engine, serving: Serving) -> None:
    with serving(endless, timeout_seconds=0.5) as client:
        for _ in range(READER_THREADS + 1):
            ended = client.post("/graphql", json=ENDLESS).json()
            assert ended["errors"][0]["extensions"] == {"code": "TIMEOUT"}
            assert ended["errors"][0]["message"].startswith("the query took longer than 0.5 seconds and was ended; ask")
        assert answered(client) == {"data": {"customers": {"totalCount": 0}}}


def test_a_query_is_ended_when_its_client_leaves(endless: Engine, serving: Serving) -> None:
    with serving(endless) as client:
        for _ in range(READER_THREADS + 1):
            with pytest.raises(httpx.ReadTimeout):
                client.post("/graphql", json=ENDLESS, timeout=0.1)
        assert answered(client) == {"data": {"customers": {"totalCount": 0}}}
        time.sleep(0.3)
