"""Figures for a monitoring system, in Prometheus' text format."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import Engine

from kehu.reader.run_figures import RunFigures
from kehu.store.database import open_database, upgrade
from kehu_graphql.metrics import exposition

Serving = Callable[..., AbstractContextManager[httpx.Client]]
DAY = datetime(2026, 2, 1, tzinfo=UTC)


def test_runs_and_members_are_told(client: httpx.Client) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = answer.text.splitlines()
    assert [line for line in lines if line.startswith("kehu_") and "members" not in line] == [
        'kehu_runs{state="failed"} 1.0',
        'kehu_runs{state="published"} 2.0',
        'kehu_run_last_end_timestamp_seconds{state="failed"} 1772323200.0',
        'kehu_run_last_end_timestamp_seconds{state="published"} 1769904000.0',
        "kehu_published_run 2.0",
        "kehu_published_run_as_of_timestamp_seconds 1769904000.0",
    ]
    assert 'kehu_level_members{ruleset="service_tier",level="ordinary"} 9.0' in lines


def test_each_stage_and_warning_is_told_and_names_are_escaped() -> None:
    stage = {"stage": 'a"b\\c\nd', "seconds": 1.5, "cpu_seconds": 2.25, "peak_bytes": 1000, "rows": None}
    figures = RunFigures({"published": 1}, {}, 1, DAY, [stage], {}, {"quiet": 3})
    assert [line for line in exposition(figures).splitlines() if not line.startswith("#")] == [
        'kehu_runs{state="published"} 1.0',
        "kehu_published_run 1.0",
        "kehu_published_run_as_of_timestamp_seconds 1769904000.0",
        'kehu_run_stage_seconds{stage="a\\"b\\\\c\\nd"} 1.5',
        'kehu_run_stage_cpu_seconds{stage="a\\"b\\\\c\\nd"} 2.25',
        'kehu_run_stage_peak_bytes{stage="a\\"b\\\\c\\nd"} 1000.0',
        'kehu_warning_customers{warning="quiet"} 3.0',
    ]


def test_before_the_first_run_there_is_nothing_to_tell(serving: Serving, sqlite_database: Engine) -> None:
    with serving(sqlite_database) as opened:
        assert (opened.get("/metrics").status_code, opened.get("/metrics").text) == (200, "")


def test_a_database_that_does_not_answer_is_told(serving: Serving, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/kehu.sqlite3")
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE publication")
    with serving(engine) as opened:
        answer = opened.get("/metrics")
    engine.dispose()
    assert (answer.status_code, answer.text) == (503, "# the database does not answer\n")
