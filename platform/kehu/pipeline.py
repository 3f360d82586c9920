"""The way of the data on one page: files to records to customers, features to levels to the published run."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from time import perf_counter

import polars as pl
from sqlalchemy import Connection, Engine

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.compute import compute, stored_columns
from kehu.model.money import minor_digits
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.publish.publish import Changes, compare, level_counts, publish, warning_counts
from kehu.publish.run_log import abandon_dead_runs, begin_run, fail_run, finish_run
from kehu.rules.book import RuleBook, read_rules
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.sources.loader import LoadedChunk, Loader
from kehu.sources.read import read_source
from kehu.sources.source import Source
from kehu.store.bulk import lock_for_writing
from kehu.store.customers import ResolvedCounts
from kehu.store.events import latest_event
from kehu.store.load import FileCounts, Load
from kehu.store.lock import only_run
from kehu.store.reading import read_customers, read_events
from kehu.workspace.workspace import Workspace, rule_texts, shown_path, source_texts

FEATURES = "features/"
# Files of the rule directory that are not rule sets.
_NOT_RULE_SETS = ("features/", "tests/", "identity.yaml", "calendar.yaml")

Clock = Callable[[], datetime]
# Told what is being worked on and how many rows of it are done.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, file by file; `resolved` is None when nothing had changed."""

    files: tuple[FileCounts, ...]
    resolved: ResolvedCounts | None

    @property
    def quarantined(self) -> int:
        """Rows kept aside over all files."""
        return sum(file.quarantined for file in self.files)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run found. `run` is None for a dry run, which writes nothing."""

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
    seconds: Mapping[str, float] = field(default_factory=dict)


def read_rule_directory(workspace: Workspace) -> tuple[Catalogue, RuleBook, list[Problem]]:
    """The features and rule sets of the workspace, as far as they are right, and everything wrong with them."""
    texts = rule_texts(workspace)
    features = {path: text for path, text in texts.items() if path.startswith(FEATURES)}
    rules = {path: text for path, text in texts.items() if not path.startswith(_NOT_RULE_SETS)}
    shown = {path: shown_path(workspace, path) for path in texts}
    digits = minor_digits(workspace.settings.currency)
    catalogue, problems = read_catalogue({shown[path]: text for path, text in features.items()}, digits)
    book, found = read_rules({shown[path]: text for path, text in rules.items()}, catalogue.schema)
    return catalogue, book, problems + found


def read_sources(workspace: Workspace, names: Sequence[str] = ()) -> list[Source]:
    """The workspace's sources, or those named; raises RefusedError with everything wrong with any of them."""
    settings, loaders = workspace.settings, _loaders()
    sources: list[Source] = []
    problems: list[Problem] = []
    for path, text in source_texts(workspace).items():
        source, found = read_source(
            text, path, timezone=settings.timezone, currency=settings.currency, formats=loaders.keys()
        )
        problems += found
        sources += [source] if source is not None else []
    folder = Place(str(workspace.sources_folder))
    known = {source.name for source in sources}
    if not sources and not problems:
        problems.append(Problem(folder, "no-sources", "no sources are declared here", "add sources/NAME.yaml"))
    problems += [
        Problem(folder, "unknown-source", f"there is no source '{name}'", did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    refuse_errors(problems)
    return [source for source in sources if not names or source.name in names]


def load(workspace: Workspace, engine: Engine, names: Sequence[str], *, clock: Clock, progress: Progress) -> LoadReport:
    """Load the sources' files in one transaction: all of them or, when it fails or dies, none.

    Raises RefusedError when a source or one of its files cannot be read at all.
    """
    loaders = _loaders()
    files = [(source, file) for source in read_sources(workspace, names) for file in _files_of(workspace, source)]
    reports = []
    with tempfile.TemporaryDirectory(prefix="kehu-load-") as folder, _writing(engine) as connection:
        run = Load(connection, Path(folder), workspace.settings.phone_region)
        for source, file in files:
            counts = FileCounts(source.name, str(file.relative_to(workspace.root)))
            chunks = _told(loaders[source.format](source, file), counts.file, progress)
            run.take(chunks, counts, system=source.system, now=clock())
            reports.append(counts)
        progress("customers", 0)
        resolved = run.finish()
    return LoadReport(tuple(reports), resolved)


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
        instant = as_of or _now_of(workspace, engine, clock)
        if dry_run:
            return _compare(engine, catalogue, book, instant, progress)
        with _writing(engine) as connection:
            abandon_dead_runs(connection, now=clock())
            run_id = begin_run(
                connection,
                as_of=instant,
                now=clock(),
                rule_digest=book.digest,
                feature_digest=catalogue.digest,
                engine="polars",
            )
        try:
            return _compute_and_publish(engine, catalogue, book, instant, run_id, clock, progress)
        except BaseException as error:
            with _writing(engine) as connection:
                fail_run(connection, run_id, now=clock(), error=f"{type(error).__name__}: {error}")
            raise


def current_features(engine: Engine, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
    """Every customer's features as of the instant, read from one consistent state of the database."""
    streams = stored_columns(catalogue)
    attributes = {item.column for item in catalogue.declarations if item.operation == "attribute"}
    with _reading(engine) as connection:
        customers = read_customers(connection, attributes)
        events = {name: read_events(connection, name, columns).lazy() for name, columns in streams.items()}
    return compute(catalogue, customers, events, as_of)


def _compute_and_publish(
    engine: Engine,
    catalogue: Catalogue,
    book: RuleBook,
    as_of: datetime,
    run_id: int,
    clock: Clock,
    progress: Progress,
) -> RunReport:
    watch = _Watch(progress)
    with watch("features"):
        features = current_features(engine, catalogue, as_of)
    with watch("rules"):
        evaluation = evaluate(book, features, as_of)
    with watch("publish"), _writing(engine) as connection:
        report = _report(run_id, as_of, features, book, evaluation)
        counts = {"levels": report.levels, "warnings": report.warnings, "row_errors": report.row_errors}
        finish_run(
            connection, run_id, now=clock(), customers=report.customers, counts=counts, timings=dict(watch.seconds)
        )
        changes = publish(connection, run_id, book, features, evaluation)
    return _report(run_id, as_of, features, book, evaluation, changes, watch.seconds)


def _compare(engine: Engine, catalogue: Catalogue, book: RuleBook, as_of: datetime, progress: Progress) -> RunReport:
    watch = _Watch(progress)
    with watch("features"):
        features = current_features(engine, catalogue, as_of)
    with watch("rules"):
        evaluation = evaluate(book, features, as_of)
    with watch("compare"), _reading(engine) as connection:
        changes = compare(connection, evaluation)
    return _report(None, as_of, features, book, evaluation, changes, watch.seconds)


def _report(
    run_id: int | None,
    as_of: datetime,
    features: pl.DataFrame,
    book: RuleBook,
    evaluation: Evaluation,
    changes: Changes | None = None,
    seconds: Mapping[str, float] | None = None,
) -> RunReport:
    return RunReport(
        run=run_id,
        as_of=as_of,
        customers=len(features),
        levels=level_counts(book, evaluation),
        warnings=warning_counts(book, evaluation),
        entered=len(changes.entered) if changes else 0,
        left=len(changes.left) if changes else 0,
        fired=len(changes.fired) if changes else 0,
        cleared=len(changes.cleared) if changes else 0,
        row_errors=evaluation.row_errors,
        seconds=dict(seconds or {}),
    )


def _now_of(workspace: Workspace, engine: Engine, clock: Clock) -> datetime:
    if workspace.settings.clock == "now":
        return clock()
    with _reading(engine) as connection:
        latest = latest_event(connection)
    if latest is None:
        place = Place(str(workspace.root / "kehu.toml"))
        message = "the clock stands at the latest event, and there is none"
        raise RefusedError([Problem(place, "no-events", message, "run 'kehu load' first, or give --as-of")])
    return latest


def _files_of(workspace: Workspace, source: Source) -> list[Path]:
    found = {pattern: sorted(workspace.root.glob(pattern)) for pattern in source.files}
    refuse_errors(
        Problem(
            Place(source.path), "no-files", f"no file matches '{pattern}'", f"paths are relative to {workspace.root}"
        )
        for pattern, files in found.items()
        if not files
    )
    return sorted({file for files in found.values() for file in files})


def _loaders() -> dict[str, Loader]:
    return {point.name: point.load() for point in entry_points(group="kehu.loaders")}


def _told(chunks: Iterator[LoadedChunk], what: str, progress: Progress) -> Iterator[LoadedChunk]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += chunk.read
        progress(what, done)


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        lock_for_writing(connection)
        yield connection


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """One consistent state of the database for several queries, whatever others write meanwhile."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
        yield connection


class _Watch:
    """Seconds per stage, and the stage told to whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.seconds = progress, dict[str, float]()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.progress(stage, 0)
        begun = perf_counter()
        yield
        self.seconds[stage] = round(perf_counter() - begun, 3)
