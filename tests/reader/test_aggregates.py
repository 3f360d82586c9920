"""Months as databases count them, and customers in several levels at once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, literal, select

from kehu.reader.aggregates import Group, Month, Ranking, Step, group_customers
from kehu.reader.conditions import Condition, Every, Not, Some
from kehu.tables.columns import Instant
from kehu.tables.runs import memberships


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


@pytest.mark.parametrize("run", [None, 2])
@pytest.mark.parametrize("condition", [Every(), Not(Some(()))])
def test_whoever_is_in_several_levels_of_a_flag_is_counted_in_each(
    connection: Connection, run: int | None, condition: Condition
) -> None:
    row = connection.execute(select(memberships).where(memberships.c.from_run_id == 1).limit(1)).mappings().one()
    marks = [(1, "project"), (1, "pilot"), (2, "project")]
    for number, (customer, level) in enumerate(marks, 900):
        held = {"id": number, "customer_id": customer, "ruleset": "marks", "level": level, "until_run_id": None}
        connection.execute(insert(memberships).values({**row, **held}))
    groups = (Group("level", "marks", run, is_flag=True),)
    found = group_customers(connection, condition, groups, Ranking(9, (Step("keys"),)))
    assert {each.keys: each.count for each in found} == {("pilot",): 1, ("project",): 2, (None,): 10}
