"""Events to features to levels to the published run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine

from kehu.features.catalogue import Catalogue
from kehu.features.selection import only
from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.facts import features_as_of, read_facts
from kehu.pipeline.progress import Clock, Progress, Watch
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.transactions import reading, writing
from kehu.publish.publish import Changes, compare, level_counts, publish, warning_counts
from kehu.publish.run_log import abandon_dead_runs, begin_run, fail_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import MEMBERSHIPS, Evaluation, evaluate
from kehu.rules.parts import features_of
from kehu.store.events import latest_event
from kehu.store.lock import only_run
from kehu.store.reading import read_customers
from kehu.workspace.workspace import Workspace

# What the record of a run keeps beside the counts by level and warning.
_COUNTED = ("entered", "left", "fired", "cleared", "slipping", "by_hand")


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run found. `run` is None for a dry run, which writes nothing.

    `slipping` counts memberships that only a grace or minimum stay keeps, `by_hand` those that a person decided.
    """

    run: int | None
    as_of: datetime
    customers: int
    levels: Mapping[str, Mapping[str, int]]
    warnings: Mapping[str, int]
    entered: int
    left: int
    fired: int
    cleared: int
    row_errors: Mapping[str, int]
    slipping: int
    by_hand: int
    seconds: Mapping[str, float] = field(default_factory=dict)


def resegment(
    workspace: Workspace,
    engine: Engine,
    as_of: datetime | None,
    *,
    clock: Clock,
    progress: Progress,
    dry_run: bool = False,
) -> RunReport:
    """Compute every rule set for every customer and publish the answers, or only compare them when `dry_run`.

    Without `as_of` the workspace's clock decides. Raises RefusedError for wrong rule files or while another
    run goes on; then, as when the process dies, the run published before stays published.
    """
    catalogue, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    with only_run(engine):
        instant = as_of or now_of(workspace, engine, clock)
        book = book.in_force(instant)
        # A feature that no rule asks for costs nothing.
        asked = only(catalogue, features_of(book))
        job = _Job(engine, asked, book, instant, Watch(progress))
        if dry_run:
            return job.compare()
        with writing(engine) as connection:
            abandon_dead_runs(connection, now=clock())
            digests = {"rule_digest": book.digest, "feature_digest": catalogue.digest}
            run_id = begin_run(connection, as_of=instant, now=clock(), engine="polars", **digests)
        try:
            return job.publish(run_id, clock)
        except BaseException as error:
            with writing(engine) as connection:
                fail_run(connection, run_id, now=clock(), error=_said(error))
            raise


def _said(error: BaseException) -> str:
    """What the record of a failed run says: an ending asked for from outside is no error of ours."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, SystemExit):
        return "told to end"
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def current_features(engine: Engine, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
    """Every customer's features as of the instant, read from one consistent state of the database."""
    return features_as_of(read_facts(engine, [catalogue]), catalogue, as_of)


def now_of(workspace: Workspace, engine: Engine, clock: Clock) -> datetime:
    """The instant a run pretends to be at when none is given; raises RefusedError when there are no events."""
    if workspace.settings.clock == "now":
        return clock()
    with reading(engine) as connection:
        latest = latest_event(connection)
    if latest is None:
        place = Place(str(workspace.root / "kehu.toml"))
        message = "the clock stands at the latest event, and there is none"
        raise RefusedError([Problem(place, "no-events", message, "run 'kehu load' first, or give --as-of")])
    return latest


@dataclass(frozen=True, slots=True)
class _Job:
    """One run's question and how long each stage of the answer took."""

    engine: Engine
    catalogue: Catalogue
    book: RuleBook
    as_of: datetime
    watch: Watch

    def compare(self) -> RunReport:
        evaluation = self._answer()
        with self.watch("compare"), reading(self.engine) as connection:
            evaluation = _of_those_there(connection, evaluation)
            changes = compare(connection, self.book, evaluation, self.as_of)
        return self._report(None, evaluation, changes)

    def publish(self, run_id: int, clock: Clock) -> RunReport:
        evaluation = self._answer()
        with self.watch("publish"), writing(self.engine) as connection:
            evaluation = _of_those_there(connection, evaluation)
            changes = publish(connection, run_id, self.book, evaluation)
            report = self._report(run_id, evaluation, changes)
            counts = {"levels": report.levels, "warnings": report.warnings, "row_errors": report.row_errors}
            counts |= {name: getattr(report, name) for name in _COUNTED}
            timings = dict(self.watch.seconds)
            finish_run(connection, run_id, now=clock(), customers=report.customers, counts=counts, timings=timings)
        return self._report(run_id, evaluation, changes)

    def _answer(self) -> Evaluation:
        with self.watch("features"):
            features = current_features(self.engine, self.catalogue, self.as_of)
        with self.watch("rules"):
            with reading(self.engine) as connection:
                standing = standing_as_of(connection, [self.book], self.as_of)
            return evaluate(self.book, features, self.as_of, standing)

    def _report(self, run_id: int | None, evaluation: Evaluation, changes: Changes) -> RunReport:
        return RunReport(
            run=run_id,
            as_of=self.as_of,
            customers=len(evaluation.features),
            slipping=len(evaluation.slipping.join(evaluation.by_hand, on=list(MEMBERSHIPS), how="anti")),
            by_hand=len(evaluation.by_hand),
            levels=level_counts(self.book, evaluation),
            warnings=warning_counts(self.book, evaluation),
            entered=len(changes.entered),
            left=len(changes.left),
            fired=len(changes.fired),
            cleared=len(changes.cleared),
            row_errors=evaluation.row_errors,
            seconds=dict(self.watch.seconds),
        )


def _of_those_there(connection: Connection, evaluation: Evaluation) -> Evaluation:
    """The answers without those about customers that a load has merged away since the run read them."""
    there = read_customers(connection, set())
    kept = evaluation.features.join(there, on="customer", how="semi", maintain_order="left")
    if len(kept) == len(evaluation.features):
        return evaluation
    names = ("memberships", "warnings", "slipping", "by_hand")
    answers = {
        name: getattr(evaluation, name).join(there, on="customer", how="semi", maintain_order="left") for name in names
    }
    return replace(evaluation, features=kept, **answers)
