"""Instants kept in UTC to the microsecond on both kinds of database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import StatementError

from kehu.tables.columns import from_micros, micros
from kehu.tables.facts import batches

ZERO = {"read": 0, "loaded": 0, "unchanged": 0, "quarantined": 0}


def keep(database: Engine, *instants: datetime) -> None:
    """A batch for each instant, numbered from 1."""
    with database.begin() as connection:
        for number, instant in enumerate(instants, 1):
            row = {"id": number, "source": "s", "file": "f", "started_at": instant, **ZERO}
            connection.execute(insert(batches).values(**row))


@pytest.mark.parametrize(
    ("_case", "instant", "expected"),
    [
        ("today", datetime(2026, 3, 1, 12, 30, 15, 123456, UTC), datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)),
        ("before 1970", datetime(1949, 10, 1, 7, 0, 0, 1, UTC), datetime(1949, 10, 1, 7, 0, 0, 1, UTC)),
        ("a microsecond before 1970", datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), from_micros(-1)),
        ("the epoch", datetime(1970, 1, 1, tzinfo=UTC), from_micros(0)),
        (
            "another zone becomes UTC",
            datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=8))),
            datetime(2026, 2, 28, 17, tzinfo=UTC),
        ),
    ],
)
def test_an_instant_comes_back_as_it_went(_case: str, instant: datetime, expected: datetime, database: Engine) -> None:
    keep(database, instant)
    with database.connect() as connection:
        found = connection.execute(select(batches.c.started_at, batches.c.finished_at)).one()
    assert tuple(found) == (expected, None)
    assert found.started_at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused_and_nothing_written(database: Engine) -> None:
    with pytest.raises(StatementError, match="'2026-03-01 00:00:00' has no time zone; give an instant in UTC"):
        keep(database, datetime(2026, 3, 1))  # noqa: DTZ001
    with database.connect() as connection:
        assert connection.execute(select(batches)).all() == []


def test_instants_sort_and_compare_in_the_database(database: Engine) -> None:
    first, second, third = (datetime(year, 5, 1, tzinfo=UTC) for year in (1965, 1975, 2025))
    keep(database, third, first, second)
    with database.connect() as connection:
        ordered = connection.execute(select(batches.c.started_at).order_by(batches.c.started_at)).scalars().all()
        until = connection.execute(select(batches.c.id).where(batches.c.started_at <= second)).scalars().all()
    assert ordered == [first, second, third]
    assert sorted(until) == [2, 3]


def test_sqlite_holds_whole_microseconds(sqlite_database: Engine) -> None:
    keep(sqlite_database, datetime(1970, 1, 1, 0, 0, 1, 5, UTC))
    with sqlite_database.connect() as connection:
        assert connection.execute(text("SELECT started_at, typeof(started_at) FROM batches")).one() == (
            1_000_005,
            "integer",
        )


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_microseconds_are_exact_both_ways(instant: datetime) -> None:
    assert from_micros(micros(instant)) == instant
    assert micros(instant + timedelta(microseconds=1)) == micros(instant) + 1
