"""A rollback brings back exactly what an earlier run published, and the next run goes on from there."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, insert, select

from kehu.pipeline.rolling_back import RollbackReport, roll_back
from kehu.publish.publish import Changes
from kehu.publish.run_log import withdrawn_runs
from kehu.reader.memberships import memberships_in_run
from kehu.rules.book import RuleBook
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import customer_aliases
from kehu.tables.runs import deciding_version, memberships, run_levels, run_rules, runs, warnings
from kehu.tables.schema import metadata

RunBook = Callable[..., Changes]
BookOf = Callable[..., RuleBook]
State = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]
DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
# Every memory that a rule set can have: keeping, grace, minimum stay, cooldown.
WRITTEN = Path(__file__).parent.parent / "written"
SIZE = (WRITTEN / "remembering_size.yaml").read_text(encoding="utf-8")
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: n < 2
    cooldown: 2 days
    severity: high
    route: [sales]
    reason: "only {n}"
examples:
  - {given: {n: 1}, expect: quiet}
  - {given: {n: 2}, expect: []}
"""


def back(engine: Engine, run: int | None = None, *, dry_run: bool = False) -> RollbackReport:
    """A rollback by Li Na on the first of April."""
    return roll_back(engine, run, author="Li Na", clock=lambda: NOW, dry_run=dry_run)


def state(engine: Engine) -> State:
    """Who is in which level since when and with what notes; who is warned of what."""
    since = func.coalesce(memberships.c.held_since, runs.c.as_of)
    columns = [memberships.c[name] for name in ("customer_id", "ruleset", "level")]
    notes = [memberships.c[name] for name in ("below_since", "drops_at", "override_id")]
    members = select(*columns, since, *notes).join(runs, runs.c.id == memberships.c.from_run_id)
    signs = select(warnings.c.customer_id, warnings.c.ruleset, warnings.c.warning)
    with engine.connect() as connection:
        held = connection.execute(members.where(memberships.c.until_run_id.is_(None)).order_by(*columns))
        firing = signs.where(warnings.c.cleared_run_id.is_(None)).order_by(*signs.selected_columns)
        return [tuple(row) for row in held], [tuple(row) for row in connection.execute(firing)]


def said_in(connection: Connection, run: int) -> list[tuple[object, ...]]:
    """The members that `state` gave when the run was published, as readers are told of them now."""
    found = [row for rows in memberships_in_run(connection, [1, 2, 3], run).values() for row in rows]
    notes = {row.id: (row.below_since, row.drops_at, row.override_id) for row in found}
    return sorted(
        (row.customer_id, row.ruleset, row.level, row.held_since or row.since, *notes[row.id]) for row in found
    )


def clear(engine: Engine) -> None:
    """Every row of every table out."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Engine]:
    """A second database, in which no run is ever rolled back."""
    engine = open_database(f"sqlite:///{tmp_path}/twin.sqlite3")
    upgrade(engine)
    yield engine
    engine.dispose()


numbers = st.dictionaries(st.integers(1, 3), st.integers(0, 12), min_size=1)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(numbers, st.integers(1, 6)), min_size=4, max_size=8), last=numbers)
def test_after_any_rollbacks_everything_is_as_if_the_runs_taken_back_had_never_been(
    sqlite_database: Engine,
    twin: Engine,
    book_of: BookOf,
    run_book: RunBook,
    steps: Sequence[dict[int, int] | int],
    last: dict[int, int],
) -> None:
    book = book_of(size=SIZE, signs=SIGNS)
    clear(sqlite_database)
    clear(twin)
    # By run: the runs whose answers lead to its own.
    ways: list[list[tuple[datetime, dict[int, int]]]] = [[]]
    snapshots: list[State] = [([], [])]
    for day, step in enumerate([{1: 10, 2: 5, 3: 0}, *steps, last]):
        if isinstance(step, dict):
            run_book(sqlite_database, book, step, as_of=FIRST + day * DAY)
            ways.append([*ways[-1], (FIRST + day * DAY, step)])
        elif step < len(ways) and ways[step] != ways[-1]:
            assert back(sqlite_database, step).run == len(ways)
            ways.append(ways[step])
            assert state(sqlite_database) == snapshots[step]
        else:
            continue
        snapshots.append(state(sqlite_database))
    for as_of, step in ways[-1]:
        run_book(twin, book, step, as_of=as_of)
    assert state(sqlite_database) == state(twin)
    with sqlite_database.connect() as connection:
        for run, (members, _) in enumerate(snapshots):
            assert said_in(connection, run) == members
        for history, begins, ends in (
            (memberships, "from_run_id", "until_run_id"),
            (warnings, "fired_run_id", "cleared_run_id"),
        ):
            turned = select(func.count()).select_from(history).where(history.c[begins] >= history.c[ends])
            assert connection.scalar(turned) == 0


def test_a_rollback_is_a_run_that_says_who_when_from_and_to(
    database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    run_book(database, book_of(), {1: 10, 2: 3, 3: 0}, as_of=FIRST)
    run_book(database, book_of(signs=None), {1: 3, 2: 3, 4: 1}, as_of=FIRST + DAY)
    dry = back(database, dry_run=True)
    assert (dry.run, dry.from_run, dry.to_run, dry.as_of) == (None, 2, 1, FIRST)
    assert dry.moves == (
        ("marks", None, "even", 2),
        ("size", None, "small", 1),
        ("size", "small", None, 1),
        ("size", "small", "large", 1),
    )
    report = back(database)
    assert (report.run, report.moves) == (3, dry.moves)
    assert (report.entered, report.left, report.fired, report.cleared) == (4, 2, 1, 0)
    with database.connect() as connection:
        row = connection.execute(select(runs).where(runs.c.id == 3)).one()
        first = connection.execute(select(runs).where(runs.c.id == 1)).one()
        for table in (run_rules, run_levels):
            columns = [column for column in table.c if column.name != "run_id"]
            copied, kept = (
                sorted(map(tuple, connection.execute(select(*columns).where(table.c.run_id == run)))) for run in (3, 1)
            )
            assert copied == kept
    assert (row.engine, row.state, row.author, row.finished_at) == ("rollback", "published", "Li Na", NOW)
    assert (row.replaces_run_id, row.restores_run_id, row.as_of) == (2, 1, FIRST + DAY)
    assert (row.rule_digest, row.customers) == (first.rule_digest, 3)
    assert row.counts["levels"] == first.counts["levels"]


def test_what_is_brought_back_says_what_it_said(database: Engine, book_of: BookOf, run_book: RunBook) -> None:
    run_book(database, book_of(), {1: 0}, as_of=FIRST)
    run_book(database, book_of(), {1: 12}, as_of=FIRST + DAY)
    back(database)
    said = ("reasons",), ("severity", "reason", "reasons", "route", "fired_at", "state")
    with database.connect() as connection:
        for history, names in zip((memberships, warnings), said, strict=True):
            code = history.c["level" if history is memberships else "warning"]
            columns = (deciding_version(history), *(history.c[name] for name in names))
            query = select(*columns).where(code.in_(("small", "quiet")))
            old, new = connection.execute(query.order_by(history.c.id)).all()
            assert old == new


def test_without_a_number_it_goes_back_one_answer_at_a_time(
    database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    for day, n in enumerate((10, 3, 10)):
        run_book(database, book_of(), {1: n}, as_of=FIRST + day * DAY)
    assert [(each.from_run, each.to_run) for each in (back(database), back(database))] == [(3, 2), (4, 1)]
    with database.connect() as connection:
        assert sorted(withdrawn_runs(connection)) == [2, 3, 4]


def test_a_customer_merged_away_since_brings_no_second_level(
    database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    run_book(database, book_of(), {1: 10, 2: 3}, as_of=FIRST)
    run_book(database, book_of(), {1: 10, 2: 3}, as_of=FIRST + DAY)
    with database.begin() as connection:
        # As a load leaves it: what customer 2 had ends with the published run and is its heir's.
        gone = memberships.c.customer_id == 2
        connection.execute(memberships.update().where(gone).values(customer_id=1, until_run_id=2))
        connection.execute(insert(customer_aliases).values(uid="2", customer_id=1, former_id=2))
    run_book(database, book_of(), {1: 3}, as_of=FIRST + 2 * DAY)
    back(database, 1)
    members, _ = state(database)
    assert [row[:3] for row in members] == [(1, "marks", "even"), (1, "size", "large")]


def test_what_is_brought_back_names_the_version_that_decided_it(
    database: Engine, book_of: BookOf, run_book: RunBook
) -> None:
    first, second = book_of(), book_of(size=book_of().ruleset("size").source.replace("n >= 10", "n >=  10"))
    run_book(database, first, {1: 0}, as_of=FIRST)
    run_book(database, second, {1: 0}, as_of=FIRST + DAY)
    run_book(database, second, {1: 12}, as_of=FIRST + 2 * DAY)
    back(database, 2)
    query = select(memberships.c.from_run_id, deciding_version(memberships)).where(memberships.c.ruleset == "size")
    with database.connect() as connection:
        found = [tuple(row) for row in connection.execute(query.order_by(memberships.c.id))]
        used = connection.execute(
            select(run_rules.c.digest).where(run_rules.c.run_id == 4, run_rules.c.ruleset == "size")
        )
        assert used.scalar_one() == second.ruleset("size").digest
    old, new = first.ruleset("size").digest, second.ruleset("size").digest
    assert found == [(1, old), (3, new), (4, old)]
