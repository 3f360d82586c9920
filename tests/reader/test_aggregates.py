"""Months as databases count them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, literal, select

from kehu.reader.aggregates import Month
from kehu.tables.columns import Instant


@pytest.mark.parametrize(
    ("_case", "at", "expected"),
    [
        ("the first instant of a month", datetime(2026, 2, 1, tzinfo=UTC), "2026-02"),
        ("the last one before it", datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), "2026-01"),
        ("the first of 1970", datetime(1970, 1, 1, tzinfo=UTC), "1970-01"),
        ("the last of 1969", datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "1969-12"),
    ],
)
def test_a_month_is_of_utc(connection: Connection, _case: str, at: datetime, expected: str) -> None:
    assert connection.scalar(select(Month(literal(at, Instant)))) == expected
