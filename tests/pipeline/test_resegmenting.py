"""Runs: as of an instant, dry or published, failed, refused, interrupted by loads."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from kehu.model.problems import RefusedError
from kehu.pipeline.loading import load
from kehu.pipeline.recounting import Recount
from kehu.pipeline.resegmenting import How, resegment
from kehu.pipeline.run_report import RunReport
from kehu.tables.facts import customers
from kehu.tables.runs import memberships, publication, runs
from kehu.workspace.workspace import Workspace

Make = Callable[..., Workspace]
Content = Callable[[Engine], dict[str, list[tuple[object, ...]]]]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 31, tzinfo=UTC)


def clock() -> datetime:
    """Noon on the first of March."""
    return NOW


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def run(workspace: Workspace, engine: Engine, as_of: datetime | None = None, *, dry_run: bool = False) -> RunReport:
    """A run by that clock."""
    return resegment(workspace, engine, as_of, clock=clock, progress=quiet, how=How(dry_run=dry_run))


def take(workspace: Workspace, engine: Engine) -> None:
    """Load the workspace."""
    load(workspace, engine, [], clock=clock, progress=quiet)


@pytest.fixture
def workspace(small_workspace_after: Make) -> Workspace:
    """The small workspace, loaded."""
    return small_workspace_after(take)


def open_levels(engine: Engine) -> dict[str, str]:
    """The level of each customer by name."""
    query = select(customers.c.name, memberships.c.level).join(memberships, memberships.c.customer_id == customers.c.id)
    with engine.connect() as connection:
        return {row.name: row.level for row in connection.execute(query.where(memberships.c.until_run_id.is_(None)))}


def recorded(engine: Engine) -> list[tuple[object, ...]]:
    """(number, state, error) of every run."""
    with engine.connect() as connection:
        query = select(runs.c.id, runs.c.state, runs.c.error).order_by(runs.c.id)
        return [tuple(row) for row in connection.execute(query)]


def published(engine: Engine) -> list[int]:
    """The run readers follow, if any."""
    with engine.connect() as connection:
        return list(connection.execute(select(publication.c.run_id)).scalars())


def test_a_run_answers_every_question_for_every_customer(workspace: Workspace, database: Engine) -> None:
    report = run(workspace, database, JANUARY)
    assert report.levels == {"size": {"busy": 1, "calm": 2}}
    assert report.warnings == {"quiet": 2}
    assert (report.run, report.as_of, report.customers) == (1, JANUARY, 3)
    assert (report.entered, report.left, report.fired, report.cleared) == (3, 0, 2, 0)
    assert list(report.seconds) == ["features", "rules", "publish"]
    assert open_levels(database) == {"Alpha Ltd": "busy", "Beta Ltd": "calm", "Gamma Ltd": "calm"}
    with database.connect() as connection:
        row = connection.execute(select(runs)).one()
    assert row.counts == {
        "levels": {"size": {"busy": 1, "calm": 2}},
        "warnings": {"quiet": 2},
        "row_errors": {},
        "entered": 3,
        "left": 0,
        "fired": 2,
        "cleared": 0,
        "slipping": 0,
        "by_hand": 0,
        "recount": asdict(Recount(3, 3, why="nothing was kept of a run before")) | {"for_all": []},
    }
    assert [(stage["stage"], stage["rows"]) for stage in row.stages] == [("features", 3), ("rules", 5), ("publish", 5)]
    assert all(stage["peak_bytes"] > stage["seconds"] >= 0 <= stage["cpu_seconds"] for stage in row.stages)
    assert (row.state, row.customers, row.as_of, row.finished_at) == ("published", 3, JANUARY, NOW)


def test_a_run_in_the_past_is_not_influenced_by_later_events(
    small_workspace: Make, workspace: Workspace, database: Engine
) -> None:
    before = run(workspace, database, JANUARY, dry_run=True)
    later = "no,payer,at,amount\nW8,C2,2026-02-01,1\nW9,C2,2026-02-02,1\nW7,C3,2026-01-31,1\n"
    load(small_workspace({"data/tms/b.csv": later}), database, [], clock=clock, progress=quiet)
    after = run(workspace, database, JANUARY, dry_run=True)
    # W7 is at the as-of instant itself, which is inside.
    assert (before.levels, before.warnings) == ({"size": {"busy": 1, "calm": 2}}, {"quiet": 2})
    assert (after.levels, after.warnings) == ({"size": {"busy": 1, "calm": 2}}, {"quiet": 1})
    assert run(workspace, database, JANUARY - timedelta(microseconds=1), dry_run=True).warnings == {"quiet": 2}


@pytest.mark.parametrize(
    ("_case", "settings", "expected"),
    [
        ("now", "", NOW),
        ("the latest event", 'clock = "latest event"\n', datetime(2026, 2, 20, tzinfo=UTC)),
    ],
)
def test_without_an_instant_the_workspaces_clock_decides(
    _case: str, settings: str, expected: datetime, small_workspace: Make, database: Engine
) -> None:
    made = small_workspace(settings=settings)
    load(made, database, [], clock=clock, progress=quiet)
    assert run(made, database).as_of == expected
    assert run(made, database, JANUARY).as_of == JANUARY


def test_a_clock_at_the_latest_event_needs_one(small_workspace: Make, database: Engine, content: Content) -> None:
    made = small_workspace(settings='clock = "latest event"\n')
    load(made, database, ["crm"], clock=clock, progress=quiet)
    before = content(database)
    with pytest.raises(RefusedError) as caught:
        run(made, database)
    (problem,) = caught.value.problems
    assert (problem.check, problem.message, problem.remedy) == (
        "no-events",
        "the clock stands at the latest event, and there is none",
        "run 'kehu load' first, or give --as-of",
    )
    assert content(database) == before
    assert run(made, database, JANUARY).customers == 3


def test_a_run_over_an_empty_database_is_published(small_workspace: Make, database: Engine) -> None:
    report = run(small_workspace(), database)
    assert (report.run, report.customers, report.levels) == (1, 0, {"size": {"busy": 0, "calm": 0}})


def test_a_dry_run_writes_nothing_and_says_what_the_next_run_does(
    workspace: Workspace, database: Engine, content: Content
) -> None:
    run(workspace, database, JANUARY)
    before = content(database)
    dry = run(workspace, database, NOW, dry_run=True)
    assert content(database) == before
    real = run(workspace, database, NOW)
    assert (dry.run, real.run) == (None, 2)
    assert (dry.entered, dry.left, dry.fired, dry.cleared) == (1, 1, 1, 1)
    for name in ("as_of", "customers", "levels", "warnings", "entered", "left", "fired", "cleared", "row_errors"):
        assert getattr(dry, name) == getattr(real, name)


def test_wrong_rules_are_refused_with_all_problems_and_nothing_written(
    small_workspace: Make, workspace: Workspace, database: Engine, content: Content, workspace_files: dict[str, str]
) -> None:
    run(workspace, database, JANUARY)
    before = content(database)
    wrong = small_workspace(
        {
            "rules/size.yaml": workspace_files["rules/size.yaml"].replace("shipments_30d >= 2", "shipment_30d >= 2"),
            "rules/features/more.yaml": "visits_30d: {count: visit}\n",
        }
    )
    with pytest.raises(RefusedError) as caught:
        run(wrong, database)
    assert {problem.check for problem in caught.value.problems} >= {"unknown-feature", "feature", "label"}
    assert content(database) == before


def failing_at(stage: str, error: BaseException) -> Callable[[str, int], None]:
    """A progress that raises when the stage begins."""

    def progress(what: str, _done: int) -> None:
        if what == stage:
            raise error

    return progress


@pytest.mark.parametrize("stage", ["features", "rules", "publish"])
def test_a_run_that_fails_is_recorded_and_leaves_the_published_one(
    stage: str, workspace: Workspace, database: Engine, content: Content
) -> None:
    run(workspace, database, JANUARY)
    before = content(database)
    with pytest.raises(OSError, match="full"):
        resegment(workspace, database, NOW, clock=clock, progress=failing_at(stage, OSError("the disk is full")))
    assert recorded(database) == [(1, "published", None), (2, "failed", "OSError: the disk is full")]
    after = content(database)
    assert {name for name in before if before[name] != after[name]} == {"runs"}
    assert run(workspace, database, NOW).run == 3


def test_a_run_that_fails_tells_what_the_stages_before_took(workspace: Workspace, database: Engine) -> None:
    with pytest.raises(OSError, match="full"):
        resegment(workspace, database, NOW, clock=clock, progress=failing_at("publish", OSError("the disk is full")))
    with database.connect() as connection:
        stages = connection.execute(select(runs.c.stages)).scalar_one()
    assert [(stage["stage"], stage["rows"]) for stage in stages] == [("features", 3), ("rules", 5)]


def test_an_interrupted_run_is_recorded_too(workspace: Workspace, database: Engine) -> None:
    with pytest.raises(KeyboardInterrupt):
        resegment(workspace, database, NOW, clock=clock, progress=failing_at("rules", KeyboardInterrupt()))
    assert recorded(database) == [(1, "failed", "interrupted")]
    assert published(database) == []


@pytest.mark.parametrize(
    ("_case", "guard", "state"), [("it is published", "off", "published"), ("it is held", "0.01", "held")]
)
def test_a_run_that_has_ended_stays_what_it_is_when_what_follows_fails(
    _case: str, guard: str, state: str, small_workspace: Make, database: Engine
) -> None:
    def progress(what: str, done: int) -> None:
        if what == "publish" and done:
            raise KeyboardInterrupt

    made = small_workspace(settings=f'guard_max_change = "{guard}"\nguard_min_members = "1"\n')
    load(made, database, [], clock=clock, progress=quiet)
    run(made, database, JANUARY)
    with pytest.raises(KeyboardInterrupt):
        resegment(made, database, NOW, clock=clock, progress=progress)
    assert [number_and_state[:2] for number_and_state in recorded(database)] == [(1, "published"), (2, state)]
    assert published(database) == [2 if state == "published" else 1]


def test_a_second_run_at_once_is_refused(workspace: Workspace, database: Engine) -> None:
    refused: list[str] = []

    def progress(_what: str, done: int) -> None:
        for dry_run in (False, True) if done == 0 else ():
            with pytest.raises(RefusedError) as caught:
                run(workspace, database, NOW, dry_run=dry_run)
            refused.extend(problem.check for problem in caught.value.problems)

    resegment(workspace, database, NOW, clock=clock, progress=progress)
    assert refused == ["run-in-progress"] * 6
    assert recorded(database) == [(1, "published", None)]


def test_a_load_during_a_run_may_merge_customers_it_has_read(
    small_workspace: Make, workspace: Workspace, database: Engine
) -> None:
    merging = small_workspace(
        {
            "data/crm.csv": "no,name,phone\nC1,Alpha Ltd,13800138001\nC2,Alpha Ltd,13800138001\nC4,Delta,\n",
            "data/tms/a.csv": "no,payer,at,amount\nW1,C1,2026-01-10,10.50\n",
        }
    )

    def progress(what: str, _done: int) -> None:
        if what == "publish":
            load(merging, database, [], clock=clock, progress=quiet)

    report = resegment(workspace, database, NOW, clock=clock, progress=progress)
    assert (report.customers, report.levels) == (2, {"size": {"busy": 0, "calm": 2}})
    assert set(open_levels(database)) == {"Alpha Ltd", "Gamma Ltd"}
    again = run(workspace, database, NOW)
    assert (again.customers, again.entered, again.left) == (3, 1, 0)
