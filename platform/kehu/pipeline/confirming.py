"""A held run published after all: a person's word that the sizes it found are right."""

from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from kehu.features.catalogue import Catalogue
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.progress import Clock, Progress, Watch
from kehu.pipeline.resegmenting import ended_by, job_of, keep_stages, read_rules
from kehu.pipeline.run_job import Consent
from kehu.pipeline.run_report import RunReport
from kehu.pipeline.transactions import writing
from kehu.publish.run_log import close_held, reopen_held
from kehu.rules.book import RuleBook
from kehu.store.lock import only_run
from kehu.tables.runs import runs
from kehu.workspace.workspace import Workspace

_FAILED = "; it was confirmed, and "


def publish_held(
    workspace: Workspace, engine: Engine, run: int, *, author: str, clock: Clock, progress: Progress
) -> RunReport:
    """Publish a held run after all: computed again as of its instant, since its answers were not kept.

    It is held once more when customers have changed so that other sizes come out than those `author` consents to.
    Raises RefusedError when the run is not held or the rules are others by now; then, and when it dies, it stays held.
    Meanwhile it has no `finished_at`.
    """
    rules = read_rules(workspace)
    with only_run(engine):
        with engine.connect() as connection:
            held = held_run(connection, run)
        _refuse_other_rules(held, rules)
        watch = Watch(progress)
        job = job_of(workspace, engine, rules, held.as_of, watch)
        with writing(engine) as connection:
            reopen_held(connection, run)
        watch.keep = partial(keep_stages, engine, run)
        try:
            return job.publish(run, clock, Consent(author, held.counts))
        except BaseException as error:
            said = held.error.partition(_FAILED)[0] + _FAILED + ended_by(error)
            with writing(engine) as connection:
                close_held(connection, run, now=clock(), error=said)
            raise


def check_held(workspace: Workspace, connection: Connection, run: int) -> None:
    """Raises RefusedError for a run that `publish_held` would refuse by what is known now."""
    _refuse_other_rules(held_run(connection, run), read_rules(workspace))


def held_run(connection: Connection, run: int) -> Row[Any]:
    """The run as it stands; RefusedError when it is not held."""
    found = connection.execute(select(runs).where(runs.c.id == run)).one_or_none()
    if found is None or found.state != "held":
        said = f"there is no run {run}" if found is None else f"run {run} is not held: it is {found.state}"
        raise _refusal(run, "unknown-run" if found is None else "not-held", said, "see 'kehu runs list'")
    return found


def _refuse_other_rules(held: Row[Any], rules: tuple[Catalogue, RuleBook]) -> None:
    catalogue, book = rules
    if (book.in_force(held.as_of).digest, catalogue.digest) != (held.rule_digest, held.feature_digest):
        message, remedy = f"the rules have changed since run {held.id}", "run 'kehu resegment' and judge its sizes"
        raise _refusal(held.id, "rules-changed", message, remedy)


def _refusal(run: int, check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place(f"run {run}"), check, message, remedy)])
