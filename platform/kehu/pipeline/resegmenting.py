"""Events to features to levels to the published run."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from kehu.features.catalogue import Catalogue
from kehu.features.selection import only
from kehu.features.serving import served
from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.instants import year_problems
from kehu.pipeline.known_erasures import check_erasures
from kehu.pipeline.progress import Clock, Progress, Watch
from kehu.pipeline.remote import engine_of
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.run_job import RunJob
from kehu.pipeline.run_report import RunReport
from kehu.pipeline.transactions import Database, reading, writing, writing_unless_busy
from kehu.publish.guard import Guard
from kehu.publish.run_log import abandon_dead_runs, begin_run, fail_run, record_stages
from kehu.rules.book import RuleBook
from kehu.rules.parts import features_of
from kehu.store.lock import only_run
from kehu.store.reading import latest_event
from kehu.workspace.settings import Settings
from kehu.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class How:
    """With `dry_run` the answers are only compared with the published ones, with `full` everyone's events are counted.

    Otherwise they are counted of those for whom something may have changed since the last run.
    """

    dry_run: bool = False
    full: bool = False


PLAIN = How()
AS_OF = Place("as_of")


def resegment(
    workspace: Workspace,
    engine: Engine,
    as_of: datetime | None,
    *,
    clock: Clock,
    progress: Progress,
    how: How = PLAIN,
) -> RunReport:
    """Compute every rule set for every customer and publish the answers.

    Without `as_of` the workspace's clock decides. Where the settings' guard finds a level changed too much, the run is
    held: see kehu.pipeline.confirming. Raises RefusedError for wrong rule files, while another run goes on, or when the
    engine of the settings fails; then, as when the process dies, the run published before stays published.
    """
    catalogue, book = read_rules(workspace)
    with only_run(engine):
        instant = as_of or now_of(workspace, engine, clock)
        job = job_of(workspace, engine, (catalogue, book), instant, Watch(progress), how)
        if how.dry_run:
            return job.compare()
        with writing(engine) as connection:
            abandon_dead_runs(connection, now=clock())
            digests = {"rule_digest": job.book.digest, "feature_digest": catalogue.digest}
            run_id = begin_run(connection, as_of=instant, now=clock(), engine=workspace.settings.engine, **digests)
        job.watch.keep = partial(keep_stages, engine, run_id)
        try:
            return job.publish(run_id, clock)
        except BaseException as error:
            with writing(engine) as connection:
                fail_run(connection, run_id, now=clock(), error=ended_by(error))
                record_stages(connection, run_id, job.watch.recorded())
            raise


def keep_stages(engine: Engine, run_id: int, stages: list[dict[str, Any]]) -> None:
    """Write down what the stages of a run took so far, unless another process writes."""
    # Whoever follows the run hears of it a stage later where a load writes: it is not worth waiting for.
    with suppress(OperationalError), writing_unless_busy(engine) as connection:
        record_stages(connection, run_id, stages)


def check_run(workspace: Workspace, database: Database, as_of: datetime | None, *, clock: Clock) -> None:
    """Raises RefusedError with everything that would keep a run from beginning: rules, erasures, instant, engine."""
    problems: list[Problem] = []
    if as_of is not None:
        problems += year_problems(as_of, as_of.isoformat(), AS_OF)
    for look in (
        lambda: read_rules(workspace),
        lambda: check_erasures(workspace, database),
        lambda: as_of or now_of(workspace, database, clock),
        lambda: engine_of(workspace.settings, workspace.root),
    ):
        try:
            look()
        except RefusedError as refusal:
            problems += refusal.problems
    refuse_errors(problems)


def now_of(workspace: Workspace, database: Database, clock: Clock) -> datetime:
    """The instant a run pretends to be at when none is given; raises RefusedError when there are no events."""
    if workspace.settings.clock == "now":
        return clock()
    with reading(database) as connection:
        latest = latest_event(connection)
    if latest is None:
        place = Place(str(workspace.root / "kehu.toml"))
        message = "the clock stands at the latest event, and there is none"
        raise RefusedError([Problem(place, "no-events", message, "run 'kehu load' first, or give --as-of")])
    return latest


def read_rules(workspace: Workspace) -> tuple[Catalogue, RuleBook]:
    """What the workspace's rule files say; RefusedError with every error in them."""
    catalogue, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    return catalogue, book


def job_of(
    workspace: Workspace,
    engine: Engine,
    rules: tuple[Catalogue, RuleBook],
    as_of: datetime,
    watch: Watch,
    how: How = PLAIN,
) -> RunJob:
    """The work of a run by these rules. RefusedError when the engine of the settings cannot be had."""
    catalogue, book = rules[0], rules[1].in_force(as_of)
    # A feature that no rule asks for and nobody is shown costs nothing.
    asked = only(catalogue, features_of(book) | {item.info.name for item in served(catalogue.declarations)})
    present = Present(engine, mirror_folder(engine, workspace.root), watch.progress)
    remote = engine_of(workspace.settings, workspace.root)
    return RunJob(engine, asked, book, as_of, watch, _guard(workspace.settings), present, how.full, remote)


def _guard(settings: Settings) -> Guard:
    return Guard(settings.guard_share, settings.guard_members)


def ended_by(error: BaseException) -> str:
    """What the record of a run that did not end well says: an ending asked for from outside is no error of ours."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, SystemExit):
        return "told to end"
    return f"{type(error).__name__}: {error}".removesuffix(": ")
