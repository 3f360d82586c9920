"""The journal of changes: who changed what, and once per key."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from kehu.pipeline.transactions import writing
from kehu.store.changes import Request, answered, record_change

NOW = datetime(2026, 2, 10, tzinfo=UTC)
REQUEST = Request("Li Na", "overrideEnd", "k1", "d1")


def test_what_was_answered_under_a_key_is_found_again(database: Engine) -> None:
    with writing(database) as connection:
        record_change(connection, REQUEST, {"override": 7, "rows": [{"answer": {}}]}, now=NOW)
    with database.connect() as connection:
        found = answered(connection, REQUEST)
        assert found is not None
        assert (found.mutation, found.digest, found.answer) == (
            "overrideEnd",
            "d1",
            {"override": 7, "rows": [{"answer": {}}]},
        )
        assert found.is_of(REQUEST)
        assert not found.is_of(replace(REQUEST, digest="d2"))
        assert not found.is_of(replace(REQUEST, mutation="warningClose"))


@pytest.mark.parametrize(
    ("_case", "request_"),
    [
        ("another key", replace(REQUEST, key="k2")),
        ("another author", replace(REQUEST, author="Zhang Wei")),
        ("no key", replace(REQUEST, key=None)),
    ],
)
def test_nothing_was_answered_under(database: Engine, _case: str, request_: Request) -> None:
    with writing(database) as connection:
        record_change(connection, REQUEST, {}, now=NOW)
        record_change(connection, replace(REQUEST, key=None), {}, now=NOW)
        assert answered(connection, request_) is None


def record_twice(database: Engine) -> None:
    with writing(database) as connection:
        for _ in range(2):
            record_change(connection, REQUEST, {}, now=NOW)


def test_no_key_stands_for_two_changes(database: Engine) -> None:
    with pytest.raises(IntegrityError):
        record_twice(database)
