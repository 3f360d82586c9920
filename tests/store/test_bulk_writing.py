"""Very many rows that have much in common: written, indexed and read again by what they share."""

from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import Engine, inspect, select

from kehu.model.problems import RefusedError
from kehu.pipeline.transactions import writing_in_bulk
from kehu.store.bulk import indexed_afterwards, insert_alike, read_by_texts
from kehu.tables.runs import memberships, runs, warnings

AT = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
NASTY = [
    ("plain", "vip"),
    ("one quote", "'"),
    ("two quotes", "it''s \"quoted\""),
    ("marks of parameters", "? :name %s %(name)s %%"),
    ("a comment", "--'; /*"),
    ("lines and backslashes", "a\n\\N\\.\r\n"),
    ("Han", "大客户 𠮷"),
    ("empty", ""),
]
SHARED = {"from_run_id": 1, "digest": "", "reasons": "{}"}


def members(first: int, customers: range) -> pl.DataFrame:
    return pl.DataFrame({"id": range(first, first + len(customers)), "customer_id": customers})


@pytest.mark.parametrize(("_case", "value"), NASTY)
def test_what_rows_share_is_written_as_it_is(_case: str, value: str, database: Engine) -> None:
    shared = {"ruleset": value, "level": value, "below_since": AT, **SHARED}
    with writing_in_bulk(database) as connection:
        insert_alike(connection, memberships, members(1, range(5, 7)), shared)
        names = ("id", "customer_id", "ruleset", "level", "from_run_id", "until_run_id", "reasons", "below_since")
        found = connection.execute(select(*(memberships.c[name] for name in names)).order_by(memberships.c.id)).all()
        # Nobody is customer 5: what refers to nothing must not stay.
        connection.rollback()
    assert [tuple(row) for row in found] == [
        (1, 5, value, value, 1, None, {}, AT),
        (2, 6, value, value, 1, None, {}, AT),
    ]


@pytest.mark.parametrize(("_case", "reason"), [("in a row", "a\0"), ("in what rows share", "a")])
def test_the_character_nul_is_refused(_case: str, reason: str, database: Engine) -> None:
    rows = pl.DataFrame({"id": [1], "customer_id": [1], "reasons": ["{}"], "reason": [reason]})
    shared = {"ruleset": "b\0" if reason == "a" else "b", "warning": "w", "state": "open"}
    with database.connect() as connection, pytest.raises(RefusedError, match="NUL"):
        insert_alike(connection, warnings, rows, shared)


@pytest.mark.parametrize(("_case", "rows"), [("a large part of the table", 9), ("a small part", 1)])
def test_indexes_are_all_there_again(_case: str, rows: int, database: Engine) -> None:
    with writing_in_bulk(database) as connection:
        before = {each["name"] for each in inspect(connection).get_indexes("memberships")}
        shared = {"ruleset": "size", "level": "vip", **SHARED}
        insert_alike(connection, memberships, members(1, range(1, 10)), shared)
        with indexed_afterwards(connection, memberships, rows, kept="ix_memberships_noted"):
            insert_alike(connection, memberships, members(10, range(10, 10 + rows)), shared)
        assert {each["name"] for each in inspect(connection).get_indexes("memberships")} == before
        assert before >= {"ix_memberships_customer_id", "ix_memberships_open", "ix_memberships_noted"}
        connection.rollback()


def test_numbers_are_read_by_the_texts_they_stand_with(database: Engine) -> None:
    query = select(memberships.c.ruleset, memberships.c.level, memberships.c.customer_id)
    with writing_in_bulk(database) as connection:
        assert list(read_by_texts(connection, query)) == []
        for first, (level, customers) in enumerate([("a, b", range(1, 4)), ("1", range(2, 3)), ("'", range(9, 10))]):
            shared = {"ruleset": "size", "level": level, **SHARED}
            insert_alike(connection, memberships, members(1 + 10 * first, customers), shared)
        of_some = query.where(memberships.c.customer_id > 1)
        found = {key: sorted(numbers) for key, numbers in read_by_texts(connection, of_some)}
        connection.rollback()
    assert found == {("size", "a, b"): [2, 3], ("size", "1"): [2], ("size", "'"): [9]}
    with database.connect() as connection:
        assert connection.execute(select(runs.c.id)).all() == []
