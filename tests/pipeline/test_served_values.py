"""Values of served features through runs: counted anew or kept, held, dry, rolled back, merged and parted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import How, resegment
from kehu.pipeline.rolling_back import roll_back
from kehu.reader.features import Value, all_served, values_of
from kehu.tables.facts import customers
from kehu.workspace.workspace import Workspace

# What each database keeps is told in tests/publish.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Make = Callable[..., Workspace]
Values = dict[str, dict[str, Value]]
JANUARY, NOW = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GUARD = 'guard_max_change = "0.3"\nguard_min_members = "2"\n'
SAID = "\n  served: true\n  unit: u\n  label: {en: e, zh: 中}\n  meaning: m\n"
ASKED = {
    "shipments_30d": "count: shipments\n  over: 30 days",
    "revenue": "sum: shipments.revenue",
    "days_silent": "days_since: shipments",
    "usual": "mean: shipments.revenue\n  over: 30 days",
}
FEATURES = "".join(f"{name}:\n  {asked}{SAID}" for name, asked in ASKED.items())
LATER = "no,payer,at,amount\nW4,C2,2026-02-21,3.25\nW5,C3,2026-02-22,1\n"


def run(workspace: Workspace, engine: Engine, as_of: datetime, how: How | None = None) -> None:
    """A run at noon on the first of March."""
    resegment(workspace, engine, as_of, clock=lambda: NOW, progress=lambda _what, _done: None, how=how or How())


def take(workspace: Workspace, engine: Engine) -> None:
    """Load what is new in its files."""
    load(workspace, engine, [], clock=lambda: NOW, progress=lambda _what, _done: None)


def known(engine: Engine) -> tuple[Values, set[datetime]]:
    """By customer's name what readers are told, and as of when."""
    with engine.connect() as connection:
        served = all_served(connection)
        names = dict(map(tuple, connection.execute(select(customers.c.id, customers.c.name)).all()))
        found = values_of(connection, list(names), tuple(served.values()))
    told = {names[key]: dict(zip(served, values, strict=True)) for key, values in found.items()}
    return told, {each.as_of for each in served.values()}


def values(count: int, revenue: str, days: int | None, usual: float | None) -> dict[str, Value]:
    """Of one customer."""
    return {"shipments_30d": count, "revenue": Decimal(revenue), "days_silent": days, "usual": usual}


def serving(small_workspace: Make, database: Engine, settings: str = "") -> Workspace:
    """The small workspace, which serves features, loaded and run as of January."""
    made = small_workspace({"rules/features/shipments.yaml": FEATURES}, settings)
    take(made, database)
    run(made, database, JANUARY)
    return made


@pytest.fixture
def served(small_workspace: Make, database: Engine) -> Workspace:
    """The same without more settings."""
    return serving(small_workspace, database)


IN_JANUARY = {
    "Alpha Ltd": values(2, "18.50", 11, 9.25),
    "Beta Ltd": values(0, "0.00", None, None),
    "Gamma Ltd": values(0, "0.00", None, None),
}


def test_neither_a_held_nor_a_dry_run_changes_what_is_told(small_workspace: Make, database: Engine) -> None:
    served = serving(small_workspace, database, GUARD)
    run(served, database, NOW)
    run(served, database, NOW, How(dry_run=True))
    assert known(database) == (IN_JANUARY, {JANUARY})


def test_a_rollback_leaves_what_was_counted_last(served: Workspace, database: Engine) -> None:
    day = JANUARY + DAY
    run(served, database, day)
    roll_back(database, None, author="Li Na", clock=lambda: NOW)
    told = {**IN_JANUARY, "Alpha Ltd": values(2, "18.50", 12, 9.25)}
    assert known(database) == (told, {day})


def test_kept_counts_and_full_ones_are_told_alike(served: Workspace, database: Engine) -> None:
    (served.root / "data/tms/b.csv").write_text(LATER, encoding="utf-8")
    take(served, database)
    day = datetime(2026, 2, 25, tzinfo=UTC)
    told = {
        "Alpha Ltd": values(0, "18.50", 36, None),
        "Beta Ltd": values(2, "10.25", 4, 5.125),
        "Gamma Ltd": values(1, "1.00", 3, 1.0),
    }
    for how in (How(), How(full=True)):
        run(served, database, day, how)
        assert known(database) == (told, {day})


def test_a_merged_customer_takes_none_along_and_the_next_run_counts_both(served: Workspace, database: Engine) -> None:
    # Gamma turns out to be Alpha.
    crm = "no,name,phone\nC1,Alpha Ltd,13800138001\nC2,Beta Ltd,13800138002\nC3,Alpha Ltd,13800138001\n"
    (served.root / "data/crm.csv").write_text(crm, encoding="utf-8")
    (served.root / "data/tms/b.csv").write_text(LATER.replace("2026-02-2", "2026-01-2"), encoding="utf-8")
    take(served, database)
    assert known(database) == ({name: IN_JANUARY[name] for name in ("Alpha Ltd", "Beta Ltd")}, {JANUARY})
    run(served, database, JANUARY + DAY)
    assert known(database)[0]["Alpha Ltd"] == values(3, "19.50", 10, 6.5)
