"""Rows chosen by a column's values, by parameters and through a temporary table."""

import polars as pl
import pytest
from sqlalchemy import Engine, insert, select

from kehu.pipeline.transactions import writing
from kehu.store.among import among
from kehu.tables.identity_index import record_values


@pytest.mark.parametrize(
    ("_case", "values", "expected"),
    [
        ("of no values there are none", range(0), []),
        ("few go as parameters", range(3, 5), [3, 4]),
        ("many go into a table", range(3, 1000), list(range(3, 301))),
    ],
)
def test_rows_that_hold_one_of_the_values_are_chosen(
    sqlite_database: Engine, _case: str, values: range, expected: list[int]
) -> None:
    with writing(sqlite_database) as connection:
        rows = [{"value": number, "record_id": number, "name": None} for number in range(1, 301)]
        connection.execute(insert(record_values), rows)
        chosen = among(connection, record_values.c.value, pl.Series(values, dtype=pl.Int64))
        found = connection.execute(select(record_values.c.value).where(chosen).order_by(record_values.c.value))
        assert list(found.scalars()) == expected
