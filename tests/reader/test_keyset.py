"""Keyset pages against plain slicing of a sorted list."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, insert, select

from kehu.reader.keyset import ByteOrder, Key, KeyValues, Page, Window, read_page

Row = tuple[int, int | None, str]
TABLE = Table("keyset_rows", MetaData(), Column("id", Integer), Column("rank", Integer), Column("name", Text))
VALUES = st.tuples(st.none() | st.integers(0, 2), st.sampled_from(["a", "B", "é", "上", "b "]))


@pytest.fixture
def scratch(carrier: Engine) -> Iterator[Connection]:
    """A connection with a table of its own, which is rolled back."""
    with carrier.connect() as connection:
        TABLE.create(connection)
        yield connection
        connection.rollback()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(VALUES, max_size=9),
    size=st.integers(1, 4),
    descending=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    backward=st.booleans(),
    unknown_first=st.booleans(),
)
def test_pages_are_slices_of_the_sorted_rows(
    scratch: Connection,
    values: list[tuple[int | None, str]],
    size: int,
    descending: tuple[bool, bool, bool],
    backward: bool,  # noqa: FBT001
    unknown_first: bool,  # noqa: FBT001
) -> None:
    rows = [(number, rank, name) for number, (rank, name) in enumerate(values)]
    scratch.execute(TABLE.delete())
    if rows:
        scratch.execute(insert(TABLE), [{"id": number, "rank": rank, "name": name} for number, rank, name in rows])
    keys = (
        Key(TABLE.c.rank, descending=descending[0], nullable=True, unknown_first=unknown_first),
        Key(ByteOrder(TABLE.c.name), descending=descending[1]),
        Key(TABLE.c.id, descending=descending[2]),
    )
    expected = _sorted(rows, descending, unknown_first=unknown_first)
    assert _walk(scratch, keys, size, backward=backward) == expected


def _sorted(rows: list[Row], descending: tuple[bool, bool, bool], *, unknown_first: bool) -> list[Row]:
    """By steps from the last key to the first; Python's sort keeps the order of equals."""
    by_id = sorted(rows, key=lambda row: row[0], reverse=descending[2])
    by_name = sorted(by_id, key=lambda row: row[2].encode(), reverse=descending[1])
    known = [row for row in by_name if row[1] is not None]
    ranked = sorted(known, key=lambda row: row[1] or 0, reverse=descending[0])
    unknown = [row for row in by_name if row[1] is None]
    return [*unknown, *ranked] if unknown_first else [*ranked, *unknown]


def _walk(connection: Connection, keys: tuple[Key, ...], size: int, *, backward: bool) -> list[Row]:
    found: list[Row] = []
    beside: KeyValues | None = None
    while True:
        page: Page[Row] = read_page(
            connection,
            select(TABLE.c.id, TABLE.c.rank, TABLE.c.name),
            keys,
            Window(size, beside, backward=backward),
            lambda row: (row[0], row[1], row[2]),
        )
        assert len(page.rows) <= size
        found = [*page.rows, *found] if backward else [*found, *page.rows]
        if not page.has_more:
            return found
        beside = page.keys[0] if backward else page.keys[-1]
