"""Levels of many customers."""

from sqlalchemy import Connection, insert, select

from kehu.reader.memberships import current_levels, current_memberships
from kehu.tables.facts import customers
from kehu.tables.runs import memberships


def test_levels_of_a_rule_set_are_those_of_the_memberships_that_hold(connection: Connection) -> None:
    ids = list(connection.scalars(select(customers.c.id)))
    held = [row for rows in current_memberships(connection, ids).values() for row in rows]
    for ruleset in ("service_tier", "lifecycle", "nix"):
        expected = {row.customer_id: row.level for row in held if row.ruleset == ruleset}
        assert current_levels(connection, ids, ruleset) == expected
    assert current_levels(connection, [1], "service_tier") == {1: "vip"}


def test_of_several_levels_the_one_entered_first_counts(connection: Connection) -> None:
    (first, *_) = current_memberships(connection, [1])[1]
    rows = connection.execute(select(memberships).where(memberships.c.id == first.id)).mappings().all()
    connection.execute(insert(memberships), [{**row, "id": 900, "level": "later"} for row in rows])
    assert current_levels(connection, [1], first.ruleset) == {1: first.level}
