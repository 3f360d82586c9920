"""What is kept or decided by hand is written beside the membership, run by run."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from kehu.pipeline.transactions import writing
from kehu.publish.publish import Changes
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.store.overrides import Decision, add_overrides, end_override
from kehu.tables.runs import memberships

RunBook = Callable[..., Changes]
BookOf = Callable[..., RuleBook]
DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 10
    keep_while: n >= 8
    grace: 3 days
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {n: 10}, expect: large}
  - {given: {n: 9}, expect: small}
"""


def rows(engine: Engine) -> list[tuple[object, ...]]:
    """level, from run, until run, below since, drops at, override."""
    columns = ("level", "from_run_id", "until_run_id", "below_since", "drops_at", "override_id")
    with engine.connect() as connection:
        query = select(*(memberships.c[name] for name in columns)).where(memberships.c.ruleset == "size")
        return [tuple(row) for row in connection.execute(query.order_by(memberships.c.id))]


def test_a_level_slips_recovers_and_drops(database: Engine, run_book: RunBook, book_of: BookOf) -> None:
    book = book_of(size=SIZE, marks=None, signs=None)
    run_book(database, book, {1: 10}, as_of=FIRST)
    run_book(database, book, {1: 8}, as_of=FIRST + DAY)
    assert rows(database) == [("large", 1, None, None, None, None)]
    run_book(database, book, {1: 7}, as_of=FIRST + 2 * DAY)
    assert rows(database) == [("large", 1, None, FIRST + 2 * DAY, FIRST + 5 * DAY, None)]
    run_book(database, book, {1: 7}, as_of=FIRST + 3 * DAY)
    assert rows(database) == [("large", 1, None, FIRST + 2 * DAY, FIRST + 5 * DAY, None)]
    run_book(database, book, {1: 8}, as_of=FIRST + 4 * DAY)
    assert rows(database) == [("large", 1, None, None, None, None)]
    run_book(database, book, {1: 7}, as_of=FIRST + 5 * DAY)
    changes = run_book(database, book, {1: 7}, as_of=FIRST + 8 * DAY)
    assert [row[:3] for row in rows(database)] == [("large", 1, 7), ("small", 7, None)]
    assert changes.entered.frame().rows() == [(1, "size", "small")]


def test_a_decision_gives_a_level_and_says_who_decided(database: Engine, run_book: RunBook, book_of: BookOf) -> None:
    book = book_of(size=SIZE, marks=None, signs=None)
    run_book(database, book, {1: 1, 2: 1}, as_of=FIRST)
    with writing(database) as connection:
        decision = Decision(1, "size", "large", "include", 'contract "A"', "Li")
        (override,) = add_overrides(connection, [decision], now=FIRST)
    run_book(database, book, {1: 1, 2: 1}, as_of=FIRST + DAY)
    assert rows(database)[2:] == [("large", 2, None, None, None, override)]
    with database.connect() as connection:
        query = select(memberships.c.reasons).where(memberships.c.override_id == override)
        reasons = connection.execute(query).scalar_one()
    told = json.loads(reasons) if isinstance(reasons, str) else reasons
    assert told == {"when": 'by hand: contract "A" (Li)', "features": None}


def test_a_decision_that_ends_leaves_what_the_rules_say(database: Engine, run_book: RunBook, book_of: BookOf) -> None:
    book = book_of(size=SIZE, marks=None, signs=None)
    with writing(database) as connection:
        assert standing_as_of(connection, [book], FIRST).overrides.is_empty()
    run_book(database, book, {1: 10}, as_of=FIRST)
    with writing(database) as connection:
        (override,) = add_overrides(connection, [Decision(1, "size", "large", "include", "loyal", "Li")], now=FIRST)
    run_book(database, book, {1: 1}, as_of=FIRST + DAY)
    assert rows(database) == [("large", 1, None, None, None, override)]
    with writing(database) as connection:
        end_override(connection, override, by="Wang", reason=None, now=FIRST)
    run_book(database, book, {1: 9}, as_of=FIRST + 2 * DAY)
    assert [row[:3] for row in rows(database)] == [("large", 1, 3), ("small", 3, None)]


def test_an_earlier_instant_knows_nothing_of_what_was_entered_later(
    database: Engine, run_book: RunBook, book_of: BookOf
) -> None:
    book = book_of(size=SIZE, marks=None, signs=None)
    run_book(database, book, {1: 10}, as_of=FIRST)
    run_book(database, book, {1: 7}, as_of=FIRST + 2 * DAY)
    with writing(database) as connection:
        before, between, after = (
            standing_as_of(connection, [book], FIRST + days * DAY).held.select("since", "below_since").rows()
            for days in (-1, 1, 2)
        )
    assert (before, between, after) == ([], [(FIRST, None)], [(FIRST, FIRST + 2 * DAY)])
