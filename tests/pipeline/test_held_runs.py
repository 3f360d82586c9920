"""Runs that change sizes too much are held until a person decides."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from kehu.model.problems import RefusedError
from kehu.pipeline.confirming import publish_held
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import How, resegment
from kehu.pipeline.rolling_back import discard
from kehu.pipeline.run_report import RunReport
from kehu.publish.guard import SizeChange
from kehu.publish.run_log import reopen_held
from kehu.tables.runs import publication, runs
from kehu.workspace.workspace import Workspace

Make = Callable[..., Workspace]
Content = Callable[[Engine], dict[str, list[tuple[object, ...]]]]
JANUARY, NOW = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
GUARD = 'guard_max_change = "0.3"\nguard_min_members = "2"\n'
# In January Alpha is busy, in March nobody.
CHANGES = (SizeChange("size", "calm", 2, 3),)
SAID = "size:calm would grow from 2 to 3 customers"


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def run(workspace: Workspace, engine: Engine, as_of: datetime, *, dry_run: bool = False) -> RunReport:
    """A run at noon on the first of March."""
    return resegment(workspace, engine, as_of, clock=lambda: NOW, progress=quiet, how=How(dry_run=dry_run))


def confirm(workspace: Workspace, engine: Engine, number: int) -> RunReport:
    """Li Na's word that the run is right."""
    return publish_held(workspace, engine, number, author="Li Na", clock=lambda: NOW, progress=quiet)


def recorded(engine: Engine) -> list[tuple[object, ...]]:
    """Number, state, error and author of every run, and before them what is published."""
    with engine.connect() as connection:
        published = connection.execute(select(publication.c.run_id)).scalar()
        query = select(runs.c.id, runs.c.state, runs.c.error, runs.c.author).order_by(runs.c.id)
        return [(published,), *(tuple(row) for row in connection.execute(query))]


def begin(workspace: Workspace, engine: Engine) -> None:
    """Load the workspace and run as of January."""
    load(workspace, engine, [], clock=lambda: NOW, progress=quiet)
    assert run(workspace, engine, JANUARY).is_published


@pytest.fixture
def guarded(small_workspace_after: Make) -> Workspace:
    """The small workspace with a guard from two customers on, loaded and run as of January."""
    return small_workspace_after(begin, settings=GUARD)


def test_a_run_that_changes_a_level_too_much_is_held_and_changes_nothing_for_readers(
    guarded: Workspace, database: Engine, content: Content
) -> None:
    before = content(database)
    dry = run(guarded, database, NOW, dry_run=True)
    assert content(database) == before
    report = run(guarded, database, NOW)
    assert (report.run, report.is_published, report.held, dry.held) == (2, False, CHANGES, CHANGES)
    assert recorded(database) == [(1,), (1, "published", None, None), (2, "held", SAID, None)]
    after = content(database)
    assert {name for name in before if before[name] != after[name]} == {"runs"}
    with database.connect() as connection:
        counts = connection.execute(select(runs.c.counts).where(runs.c.id == 2)).scalar_one()
    assert counts["held"] == [{"ruleset": "size", "code": "calm", "before": 2, "after": 3}]
    assert counts["levels"] == {"size": {"busy": 0, "calm": 3}}


def test_a_held_run_that_is_confirmed_is_published_under_its_number(guarded: Workspace, database: Engine) -> None:
    run(guarded, database, NOW)
    report = confirm(guarded, database, 2)
    assert (report.run, report.as_of, report.is_published, report.entered) == (2, NOW, True, 1)
    assert recorded(database) == [(2,), (1, "published", None, None), (2, "published", None, "Li Na")]
    with pytest.raises(RefusedError, match="run 2 is not held"):
        confirm(guarded, database, 2)


def test_a_confirmed_run_whose_customers_changed_meanwhile_is_held_again(
    guarded: Workspace, small_workspace: Make, database: Engine
) -> None:
    run(guarded, database, NOW)
    more = "no,name,phone\n" + "".join(f"D{number},Delta {number},\n" for number in range(3))
    larger = small_workspace({"data/crm.csv": more}, GUARD)
    load(larger, database, ["crm"], clock=lambda: NOW, progress=quiet)
    report = confirm(larger, database, 2)
    assert report.held[0] == SizeChange("size", "calm", 2, 6)
    assert recorded(database)[0] == (1,)
    assert recorded(database)[2][1] == "held"
    assert confirm(larger, database, 2).is_published


def test_a_held_run_is_not_published_under_other_rules(
    guarded: Workspace, small_workspace: Make, database: Engine, workspace_files: dict[str, str], content: Content
) -> None:
    run(guarded, database, NOW)
    before = content(database)
    other = small_workspace({"rules/size.yaml": workspace_files["rules/size.yaml"].replace("Busy", "Occupied")})
    with pytest.raises(RefusedError, match="the rules have changed since run 2"):
        confirm(other, database, 2)
    assert content(database) == before


def test_a_confirmed_run_that_dies_stays_held(guarded: Workspace, database: Engine) -> None:
    run(guarded, database, NOW)

    def fail(what: str, _done: int) -> None:
        if what == "publish":
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        publish_held(guarded, database, 2, author="Li Na", clock=lambda: NOW, progress=fail)
    failed = f"{SAID}; it was confirmed, and OSError: the disk is full"
    assert recorded(database) == [(1,), (1, "published", None, None), (2, "held", failed, None)]
    assert confirm(guarded, database, 2).is_published


def test_a_confirmed_run_is_not_discarded_while_it_is_computed(guarded: Workspace, database: Engine) -> None:
    run(guarded, database, NOW)
    refusals: list[str] = []

    def meddle(what: str, _done: int) -> None:
        if what == "publish" and not refusals:
            with pytest.raises(RefusedError) as refused:
                discard(database, 2, author="Li Na", clock=lambda: NOW)
            refusals.append(refused.value.problems[0].check)

    publish_held(guarded, database, 2, author="Li Na", clock=lambda: NOW, progress=meddle)
    assert (refusals, recorded(database)[-1]) == (["run-in-progress"], (2, "published", None, "Li Na"))


def test_a_confirmed_run_whose_process_was_killed_has_an_end_once_another_begins(
    guarded: Workspace, database: Engine
) -> None:
    run(guarded, database, NOW)
    with database.begin() as connection:
        reopen_held(connection, 2)
    assert run(guarded, database, NOW).run == 3
    with database.connect() as connection:
        found = connection.execute(select(runs.c.state, runs.c.finished_at).order_by(runs.c.id)).all()
    assert [state for state, _ in found] == ["published", "held", "held"]
    assert all(ended is not None for _, ended in found)


def test_a_held_run_is_discarded_by_a_person_or_by_the_next_published_one(guarded: Workspace, database: Engine) -> None:
    for _ in range(2):
        run(guarded, database, NOW)
    discard(database, 2, author="Li Na", clock=lambda: NOW)
    with pytest.raises(RefusedError, match="run 2 is not held"):
        discard(database, 2, author="Li Na", clock=lambda: NOW)
    assert run(guarded, database, JANUARY + timedelta(seconds=1)).is_published
    assert recorded(database) == [
        (4,),
        (1, "published", None, None),
        (2, "discarded", SAID, "Li Na"),
        (3, "discarded", "superseded by run 4", None),
        (4, "published", None, None),
    ]
    with pytest.raises(RefusedError, match="run 3 is not held"):
        confirm(guarded, database, 3)


@pytest.mark.parametrize(
    ("_case", "settings"),
    [
        ("off", '[guard]\nmax_change = "off"\nmin_members = 0\n'),
        ("wide enough", "[guard]\nmax_change = 1\nmin_members = 2\n"),
        ("only for more customers", "[guard]\nmin_members = 4\n"),
    ],
)
def test_a_guard_that_allows_it_holds_nothing(
    _case: str, settings: str, make_workspace: Make, database: Engine, workspace_files: dict[str, str]
) -> None:
    url = database.url.render_as_string(hide_password=False)
    made = make_workspace(workspace_files, f'rules = "own"\ndatabase_url = "{url}"\n{settings}')
    load(made, database, [], clock=lambda: NOW, progress=quiet)
    run(made, database, JANUARY)
    assert run(made, database, NOW).is_published
