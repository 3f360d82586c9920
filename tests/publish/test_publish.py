"""What a run changes: who enters, stays and leaves, which warnings fire and clear, what readers follow."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from kehu.publish.definitions import definition
from kehu.publish.publish import Changes, level_counts, warning_counts
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation
from kehu.rules.rolls import Roll
from kehu.tables.runs import (
    deciding_version,
    memberships,
    publication,
    rule_versions,
    run_levels,
    run_rules,
    runs,
    warnings,
)
from kehu.tables.schema import metadata

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BookOf = Callable[..., RuleBook]
RunBook = Callable[..., Changes]
Member = tuple[int, str, str, int, int | None]


def intervals(engine: Engine) -> list[Member]:
    """(customer, rule set, level, from run, until run) of every membership."""
    columns = ("customer_id", "ruleset", "level", "from_run_id", "until_run_id")
    with engine.connect() as connection:
        query = select(*(memberships.c[name] for name in columns)).order_by(memberships.c.id)
        return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(query)]


def signs(engine: Engine) -> list[tuple[object, ...]]:
    """(customer, warning, fired run, cleared run, state) of every warning."""
    columns = ("customer_id", "warning", "fired_run_id", "cleared_run_id", "state")
    with engine.connect() as connection:
        query = select(*(warnings.c[name] for name in columns)).order_by(warnings.c.id)
        return [tuple(row) for row in connection.execute(query)]


def sizes(changes: Changes) -> tuple[int, int, int, int]:
    """How many entered, left, fired, cleared."""
    return len(changes.entered), len(changes.left), len(changes.fired), len(changes.cleared)


def test_the_first_publication_enters_everybody(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    changes = run_book(database, book_of(), {1: 12, 2: 1}, spent={2: 10051})
    assert sizes(changes) == (4, 0, 1, 0)
    assert intervals(database) == [
        (1, "marks", "even", 1, None),
        (2, "marks", "rich", 1, None),
        (1, "size", "large", 1, None),
        (2, "size", "small", 1, None),
    ]
    assert signs(database) == [(2, "quiet", 1, None, "open")]
    with database.connect() as connection:
        assert connection.execute(select(publication)).all() == [(1, 1, AS_OF)]
        assert connection.execute(select(runs.c.state, runs.c.customers)).one() == ("published", 2)


def test_a_second_run_that_finds_the_same_writes_no_membership(
    database: Engine, book_of: BookOf, run_book: RunBook, content: Callable[[Engine], dict[str, list[object]]]
) -> None:
    run_book(database, book_of(), {1: 12, 2: 1})
    before = content(database)
    changes = run_book(database, book_of(), {1: 12, 2: 1}, as_of=AS_OF + DAY)
    after = content(database)
    assert sizes(changes) == (0, 0, 0, 0)
    assert {name for name in before if before[name] != after[name]} == {
        "runs",
        "run_rules",
        "run_levels",
        "publication",
    }
    assert after["publication"] == [(1, 2, AS_OF + DAY)]


def test_entries_and_exits_make_intervals(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    for number in (3, 11, 11, 3):
        run_book(database, book_of(), {1: number})
    assert intervals(database) == [
        (1, "size", "small", 1, 2),
        (1, "size", "large", 2, 4),
        (1, "size", "small", 4, None),
    ]


def test_a_warning_fires_once_clears_and_may_fire_again(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    found = [sizes(run_book(database, book_of(), {1: number}))[2:] for number in (1, 1, 5, 5, 1)]
    assert found == [(1, 0), (0, 0), (0, 1), (0, 0), (1, 0)]
    assert signs(database) == [(1, "quiet", 1, 3, "open"), (1, "quiet", 5, None, "open")]


@pytest.mark.parametrize(
    ("_case", "again", "fires"),
    [
        ("a tick before the cooldown is over", 3 * DAY - timedelta(microseconds=1), 0),
        ("when it is over", 3 * DAY, 1),
        ("in a run that pretends to be earlier", -DAY, 1),
    ],
)
def test_a_warning_that_cleared_keeps_quiet_for_its_cooldown(
    _case: str, again: timedelta, fires: int, database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    book = book_of(
        signs=book_of().ruleset("signs").source.replace("    when: n < 2\n", "    when: n < 2\n    cooldown: 3 days\n")
    )
    run_book(database, book, {1: 1})
    run_book(database, book, {1: 5}, as_of=AS_OF + DAY)
    assert sizes(run_book(database, book, {1: 1, 2: 1}, as_of=AS_OF + again))[2:] == (fires + 1, 0)


def test_reasons_say_the_condition_and_the_values(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    run_book(database, book_of(), {1: 11, 2: 1}, spent={1: 123456, 2: -5}, as_of=AS_OF)
    with database.connect() as connection:
        query = select(memberships.c.customer_id, memberships.c.level, memberships.c.reasons)
        found = {(customer, level): reasons for customer, level, reasons in connection.execute(query)}
        fired = connection.execute(select(warnings)).one()
    assert found == {
        (1, "rich"): {"when": "(spent ?? 0) > 100.5", "features": {"spent": "1234.56"}},
        (1, "large"): {"when": "n >= 10", "features": {"n": 11}},
        (2, "small"): {"when": "otherwise", "features": {"n": 1}},
    }
    assert fired.reason == "only 1, spent -0.05"
    assert fired.reasons == {"when": "n < 2", "features": {"n": 1, "spent": "-0.05"}}
    assert (fired.severity, fired.route, fired.fired_at) == ("high", ["sales", "service"], AS_OF)


def test_what_goes_on_keeps_the_reasons_it_began_with(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    run_book(database, book_of(), {1: 11})
    run_book(database, book_of(), {1: 13})
    with database.connect() as connection:
        assert connection.execute(select(memberships.c.reasons)).scalars().all() == [
            {"when": "n >= 10", "features": {"n": 11}}
        ]


def test_rule_versions_are_recorded_once(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    first, second = book_of(), book_of(size=book_of().ruleset("size").source.replace("n >= 10", "n >=  10"))
    for book in (first, first, second, first):
        run_book(database, book, {1: 11})
    with database.connect() as connection:
        versions = connection.execute(select(rule_versions.c.ruleset, rule_versions.c.digest)).all()
        used = connection.execute(
            select(run_rules.c.run_id, run_rules.c.digest)
            .where(run_rules.c.ruleset == "size")
            .order_by(run_rules.c.run_id)
        ).all()
        stored = connection.execute(select(rule_versions).where(rule_versions.c.ruleset == "signs")).one()
        order = connection.execute(
            select(run_rules.c.ruleset).where(run_rules.c.run_id == 1).order_by(run_rules.c.position)
        )
        assert order.scalars().all() == ["marks", "signs", "size"]
    digests = [book.ruleset("size").digest for book in (first, first, second, first)]
    assert sorted(row.ruleset for row in versions) == ["marks", "signs", "size", "size"]
    assert [tuple(row) for row in used] == list(enumerate(digests, 1))
    assert (stored.kind, stored.path, stored.source) == ("warning", "signs.yaml", first.ruleset("signs").source)
    assert stored.definition == definition(first.ruleset("signs"), first.schema)


def test_a_membership_keeps_the_version_it_began_under(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    first, second = book_of(), book_of(size=book_of().ruleset("size").source.replace("n >= 10", "n >=  10"))
    run_book(database, first, {1: 11})
    run_book(database, second, {1: 11, 2: 11})
    with database.connect() as connection:
        found = connection.execute(select(memberships.c.customer_id, deciding_version(memberships))).all()
    assert dict([tuple(row) for row in found]) == {1: first.ruleset("size").digest, 2: second.ruleset("size").digest}


def test_a_removed_rule_set_ends_its_memberships_and_warnings(
    database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    run_book(database, book_of(), {1: 12, 2: 1})
    changes = run_book(database, book_of(size=None, signs=None), {1: 12, 2: 1})
    assert sizes(changes) == (0, 2, 0, 1)
    assert intervals(database) == [
        (1, "marks", "even", 1, None),
        (1, "size", "large", 1, 2),
        (2, "size", "small", 1, 2),
    ]
    assert signs(database) == [(2, "quiet", 1, 2, "open")]


def test_a_removed_level_ends_its_memberships(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    run_book(database, book_of(), {1: 12})
    renamed = book_of().ruleset("size").source.replace("large", "huge")
    run_book(database, book_of(size=renamed), {1: 12})
    assert intervals(database) == [
        (1, "marks", "even", 1, None),
        (1, "size", "large", 1, 2),
        (1, "size", "huge", 2, None),
    ]


def test_levels_are_counted_with_every_run_empty_ones_too(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    run_book(database, book_of(), {1: 3, 2: 5})
    run_book(database, book_of(), {1: 30, 2: 5})
    with database.connect() as connection:
        query = select(run_levels).order_by(run_levels.c.run_id, run_levels.c.ruleset, run_levels.c.level)
        assert [tuple(row) for row in connection.execute(query)] == [
            (1, "marks", "even", 0),
            (1, "marks", "rich", 0),
            (1, "size", "large", 0),
            (1, "size", "small", 2),
            (2, "marks", "even", 1),
            (2, "marks", "rich", 0),
            (2, "size", "large", 1),
            (2, "size", "small", 1),
        ]


def test_counts_are_in_the_order_of_the_files(book_of: BookOf) -> None:
    customers, yes = pl.Series([1]), pl.Series([True])
    roll = Roll(customers, {("size", "small"): yes}, {("signs", "quiet"): yes})
    evaluation = Evaluation(roll, {}, {}, pl.DataFrame({"customer": customers}))
    assert level_counts(book_of(), evaluation) == {"marks": {"even": 0, "rich": 0}, "size": {"large": 0, "small": 1}}
    assert list(level_counts(book_of(), evaluation)) == ["marks", "size"]
    assert warning_counts(book_of(), evaluation) == {"quiet": 1}


def test_a_warning_of_two_rule_sets_is_counted_by_each(book_of: BookOf) -> None:
    customers = pl.Series([1, 2])
    firing = {("signs", "quiet"): pl.Series([True, True]), ("more", "quiet"): pl.Series([True, False])}
    evaluation = Evaluation(Roll(customers, {}, firing), {}, {}, pl.DataFrame({"customer": customers}))
    (signs,) = [item.source for item in book_of().rulesets if item.code == "signs"]
    book = book_of(more=signs.replace("ruleset: signs", "ruleset: more"))
    assert warning_counts(book, evaluation) == {"more:quiet": 1, "signs:quiet": 2}


def test_a_definition_is_what_readers_show(book_of: BookOf) -> None:
    book = book_of()
    assert definition(book.ruleset("size"), book.schema) == {
        "code": "size",
        "kind": "tier",
        "label": {"en": "Size", "zh": "规模"},
        "description": "How much does it ship?",
        "effective": {"from": None, "until": None},
        "levels": [
            {
                "code": "large",
                "label": {"en": "Large", "zh": "大"},
                "when": "n >= 10",
                "otherwise": False,
                "keep_while": None,
                "grace_seconds": 0,
                "minimum_stay_seconds": 0,
                "variants": [],
                "treatment": {"visit_every": "30 days"},
            },
            {
                "code": "small",
                "label": {"en": "Small", "zh": "小"},
                "when": None,
                "otherwise": True,
                "keep_while": None,
                "grace_seconds": 0,
                "minimum_stay_seconds": 0,
                "variants": [],
                "treatment": {},
            },
        ],
        "features": {"n": {"kind": "integer", "nullable": False, "scale": 0, "digits": 15, "words": []}},
        "warnings": [],
    }
    assert definition(book.ruleset("signs"), book.schema)["warnings"] == [
        {
            "code": "quiet",
            "label": {"en": "Quiet", "zh": "沉默"},
            "when": "n < 2",
            "severity": "high",
            "route": ["sales", "service"],
            "reason": "only {n}, spent {spent}",
            "cooldown_seconds": 0,
            "variants": [],
        }
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(st.dictionaries(st.integers(1, 4), st.integers(0, 12)), min_size=1, max_size=5))
def test_intervals_replay_every_run(
    sqlite_database: Engine, book_of: BookOf, run_book: RunBook, histories: list[dict[int, int]]
) -> None:
    with sqlite_database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    for numbers in histories:
        run_book(sqlite_database, book_of(), numbers)
    found = intervals(sqlite_database)
    for run, numbers in enumerate(histories, 1):
        held = [row[:3] for row in found if row[3] <= run and (row[4] is None or run < row[4])]
        wanted = {(key, "size", "large" if n >= 10 else "small") for key, n in numbers.items()}
        wanted |= {(key, "marks", "even") for key, n in numbers.items() if n % 2 == 0}
        assert sorted(held) == sorted(wanted)
    assert all(row[4] is None or row[3] < row[4] for row in found)


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_over_no_customers_or_one_is_published(
    number: int, database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    changes = run_book(database, book_of(), dict.fromkeys(range(1, number + 1), 3))
    assert sizes(changes) == (number, 0, 0, 0)
