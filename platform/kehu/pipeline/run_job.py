"""One run: the question, its answer, and the answer published, held or only compared."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from kehu.features.catalogue import Catalogue
from kehu.pipeline.facts import Present
from kehu.pipeline.progress import Clock, Watch
from kehu.pipeline.recounting import Recount
from kehu.pipeline.remote import RemoteEngine, RemoteRun, remote_features
from kehu.pipeline.run_report import RunReport, counts_of, report_of
from kehu.pipeline.transactions import reading, writing, writing_in_bulk
from kehu.publish.guard import Guard, SizeChange, published_counts, size_changes
from kehu.publish.kept_roll import KeptRoll, state_of
from kehu.publish.kept_values import KeptValues
from kehu.publish.publish import compare, publish
from kehu.publish.run_log import finish_run, hold_run, record_stages
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.store.reading import read_customers
from kehu.tables.facts import customers


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's word that the sizes a held run counted are right."""

    author: str
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunJob:
    """A question as of an instant. Its catalogue holds what the book asks for and what is served, and nothing more."""

    engine: Engine
    catalogue: Catalogue
    book: RuleBook
    as_of: datetime
    watch: Watch
    guard: Guard
    present: Present
    full: bool
    remote: RemoteEngine | None = None

    def compare(self) -> RunReport:
        """What publishing would change."""
        evaluation, recount = self._answer(keep=False)
        with self.watch("compare"), reading(self.engine) as connection:
            evaluation = _of_those_there(connection, evaluation)
            changes = compare(connection, self.book, evaluation, self.as_of, self._kept.roll(connection))
            held = self._held(connection, evaluation, None)
        return self._whole(report_of(None, self.as_of, self.book, evaluation, changes), recount, held)

    def publish(self, run_id: int, clock: Clock, consent: Consent | None = None) -> RunReport:
        """The run `run_id`, published; held instead where the guard says so and the consent does not cover it."""
        evaluation, recount = self._answer(keep=True)
        author = None if consent is None else consent.author
        with self.watch("publish") as made, writing_in_bulk(self.engine) as connection:
            evaluation = _of_those_there(connection, evaluation)
            held = self._held(connection, evaluation, consent)
            published = self._kept.roll(connection)
            if held:
                changes = compare(connection, self.book, evaluation, self.as_of, published)
            else:
                changes = publish(connection, run_id, self.book, evaluation, published)
                values = self._values.write(connection, run_id, self.as_of, self.catalogue, evaluation.features)
            report = self._whole(report_of(run_id, self.as_of, self.book, evaluation, changes), recount, held)
            found = report.found(author)
            if held:
                hold_run(connection, run_id, found, now=clock(), error="; ".join(map(str, held)))
            else:
                finish_run(connection, run_id, found, now=clock())
                self._kept.forget()
                self._values.forget()
            state = state_of(connection)
            made(report.entered + report.left + report.fired + report.cleared)
        if not held:
            self._kept.keep(state, changes.roll)
            self._values.keep(state, values)
        with writing(self.engine) as connection:
            record_stages(connection, run_id, self.watch.recorded())
        return self._whole(report, recount, held)

    @property
    def _kept(self) -> KeptRoll:
        return KeptRoll(self.present.mirror, self.present.progress)

    @property
    def _values(self) -> KeptValues:
        return KeptValues(self.present.mirror, self.present.progress)

    def _answer(self, *, keep: bool) -> tuple[Evaluation, Recount]:
        with self._opened() as run:
            with self.watch("features") as made:
                if run is None:
                    features, recount = self.present.renewed(self.catalogue, self.as_of, full=self.full, keep=keep)
                else:
                    features, recount = remote_features(run, self.present, self.catalogue)
                made(len(features))
            with self.watch("rules") as made:
                with reading(self.engine) as connection:
                    standing = standing_as_of(connection, [self.book], self.as_of)
                evaluation = evaluate(self.book, features, self.as_of, standing, run)
                made(len(evaluation.roll))
        return evaluation, recount

    def _opened(self) -> AbstractContextManager[RemoteRun | None]:
        return nullcontext() if self.remote is None else self.remote.opened(self.catalogue, self.book, self.as_of)

    def _held(self, connection: Connection, evaluation: Evaluation, consent: Consent | None) -> tuple[SizeChange, ...]:
        after = counts_of(self.book, evaluation)
        before, everyone = published_counts(connection), len(evaluation.features)
        changes = size_changes(self.guard, before, after, everyone)
        if consent is None:
            return changes
        agreed = size_changes(self.guard, before, consent.counts, everyone)
        return tuple(change for change in changes if change not in agreed)

    def _whole(self, report: RunReport, recount: Recount, held: tuple[SizeChange, ...]) -> RunReport:
        return replace(report, recount=recount, held=held, stages=tuple(self.watch.stages))


def _of_those_there(connection: Connection, evaluation: Evaluation) -> Evaluation:
    """The answers without those about customers that a load has merged away since the run read them."""
    query = select(func.count(), func.coalesce(func.max(customers.c.id), 0)).select_from(customers)
    known = evaluation.features["customer"]
    # New customers have greater ids than any before, so as many with the same greatest are the same ones.
    if connection.execute(query).one() == (len(known), known.max() or 0):
        return evaluation
    return evaluation.among(read_customers(connection, set()))
