"""Rolls compared, brought up to date and written out, against sets of rows."""

from collections.abc import Iterable

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.rules.rolls import Key, Listed, Roll, difference, everybody, in_rows, is_listed, patched

Row = tuple[int, str, str]
SIZE = {"customer": pl.Int64(), "ruleset": pl.String(), "level": pl.String()}
KEYS: list[Key] = [("size", "large"), ("size", "small"), ("marks", "large")]
ROWS = st.sets(st.tuples(st.integers(1, 6), st.sampled_from(KEYS)))


def rows_of(found: Iterable[tuple[int, Key]]) -> set[Row]:
    return {(customer, *key) for customer, key in found}


def frame(rows: Iterable[Row], code: str = "level") -> pl.DataFrame:
    schema = {"customer": pl.Int64(), "ruleset": pl.String(), code: pl.String()}
    return pl.DataFrame(sorted(rows), schema=schema, orient="row")


def roll(customers: list[int], rows: set[Row], keys: Iterable[Key] = KEYS) -> Roll:
    """The same of members and of warnings, as far as it is about those customers."""
    lists = {key: pl.Series([(each, *key) in rows for each in customers], dtype=pl.Boolean) for key in keys}
    return Roll(pl.Series(customers, dtype=pl.Int64), lists, lists)


def told(listed: Listed) -> set[Row]:
    found = listed.frame().rows()
    assert len(found) == len(set(found)) == len(listed)
    return set(found)


@settings(max_examples=200)
@given(
    old=ROWS.map(rows_of),
    new=ROWS.map(rows_of),
    there=st.permutations(range(1, 7)),
    then=st.permutations(range(1, 7)),
    cut=st.integers(0, 6),
)
def test_the_difference_is_that_of_the_rows(
    old: set[Row], new: set[Row], there: list[int], then: list[int], cut: int
) -> None:
    before, after = roll(then[cut:], old, KEYS[:2]), roll(there[: cut + 2], new, KEYS[1:])
    was = {row for row in old if row[0] in then[cut:] and row[1:] in KEYS[:2]}
    now = {row for row in new if row[0] in there[: cut + 2] and row[1:] in KEYS[1:]}
    added, lost = difference(before.customers, before.members, after.customers, after.members, "level")
    assert (told(added), told(lost)) == (now - was, was - now)
    assert told(added.without(frame(new & old))) == now - was - (new & old)


@settings(max_examples=100)
@given(
    old=ROWS.map(rows_of),
    new=ROWS.map(rows_of),
    whom=st.sets(st.integers(1, 6)),
    there=st.permutations(range(1, 7)),
    cut=st.integers(0, 6),
)
def test_a_roll_brought_up_to_date_knows_of_some_what_the_rows_say(
    old: set[Row], new: set[Row], whom: set[int], there: list[int], cut: int
) -> None:
    known = there[cut:]
    rows = {row for row in new if row[0] in whom}
    touched = pl.Series(sorted(whom), dtype=pl.Int64)
    found = patched(roll(known, old), touched, frame(rows), frame(rows, "warning"))
    wanted = {row for row in old if row[0] in known and row[0] not in whom} | rows
    assert told(everybody(found.customers, found.members, "level")) == wanted
    assert told(everybody(found.customers, found.firing, "warning")) == wanted
    assert found.customers.n_unique() == len(found.customers)


def test_rows_go_by_rule_set_then_customer_as_in_the_roll() -> None:
    given = roll([7, 3], {(7, "size", "small"), (3, "size", "large"), (3, "marks", "large"), (7, "marks", "large")})
    assert in_rows(everybody(given.customers, given.members, "level")).rows() == [
        (7, "size", "small"),
        (3, "size", "large"),
        (7, "marks", "large"),
        (3, "marks", "large"),
    ]
    assert len(given) == 8


def test_each_row_is_looked_up_on_its_list() -> None:
    given = roll([7, 3], {(7, "size", "small")})
    asked = pl.DataFrame(
        [(3, "size", "small"), (7, "size", "small"), (7, "size", "none"), (9, "size", "small")],
        schema=SIZE,
        orient="row",
    )
    assert is_listed(given.customers, given.members, asked, "level").to_list() == [False, True, False, False]
    nobody = roll([], set())
    assert is_listed(nobody.customers, nobody.members, asked, "level").to_list() == [False] * 4


def test_of_a_roll_without_customers_everybody_is_new() -> None:
    nobody, some = roll([], set()), roll([1], {(1, "size", "small")})
    added, lost = difference(nobody.customers, nobody.members, some.customers, some.members, "level")
    assert (told(added), told(lost)) == ({(1, "size", "small")}, set())
    added, lost = difference(some.customers, some.members, nobody.customers, nobody.members, "level")
    assert (told(added), told(lost)) == (set(), {(1, "size", "small")})
    assert (
        told(everybody(some.kept(pl.Series([False])).customers, some.kept(pl.Series([False])).members, "level"))
        == set()
    )
