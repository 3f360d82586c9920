"""Files to records to customers: one load, in one transaction."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path

from sqlalchemy import Engine

from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.pipeline.erasing import forget_copies, sieve_of
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.progress import Clock, Progress
from kehu.pipeline.transactions import writing
from kehu.sources.exported import exported_at
from kehu.sources.loader import LoadedChunk, Loader
from kehu.sources.read import read_source
from kehu.sources.source import Source
from kehu.store.customers import ResolvedCounts
from kehu.store.load import FileCounts, Load
from kehu.workspace.workspace import Workspace, source_texts


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, file by file; `resolved` is None when nothing had changed."""

    files: tuple[FileCounts, ...]
    resolved: ResolvedCounts | None

    @property
    def quarantined(self) -> int:
        """Rows kept aside over all files."""
        return sum(file.quarantined for file in self.files)


def read_sources(workspace: Workspace, names: Sequence[str] = ()) -> list[Source]:
    """The workspace's sources, or those named; raises RefusedError with everything wrong with any of them."""
    settings, loaders = workspace.settings, _loaders()
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    # A file that cannot be read goes by its own name, so that asking for its source is no second problem.
    known: set[str] = set()
    for path, text in source_texts(workspace).items():
        source, found = read_source(
            text, path, timezone=settings.timezone, currency=settings.currency, formats=loaders.keys()
        )
        problems += found
        known.add(Path(path).stem if source is None else source.name)
        if source is not None and source.name in sources:
            said = f"source '{source.name}' is also in {sources[source.name].path}"
            problems.append(Problem(Place(path), "duplicate-source", said, "give one of them another name"))
        elif source is not None:
            sources[source.name] = source
    folder = Place(str(workspace.sources_folder))
    if not known:
        problems.append(Problem(folder, "no-sources", "no sources are declared here", "add sources/NAME.yaml"))
    problems += [
        Problem(folder, "unknown-source", f"there is no source '{name}'", did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    refuse_errors(problems)
    return [source for source in sources.values() if not names or source.name in names]


def load(workspace: Workspace, engine: Engine, names: Sequence[str], *, clock: Clock, progress: Progress) -> LoadReport:
    """Load the sources' files in one transaction: all of them or, when it fails or dies, none.

    Raises RefusedError when a source or one of its files cannot be read at all, the rules of identity are
    wrong, or the key by which people were erased is missing.
    """
    loaders = _loaders()
    rules = workspace_identity(workspace)
    files = _files_of(workspace, read_sources(workspace, names))
    dates = _export_dates(files)
    reports = []
    with tempfile.TemporaryDirectory(prefix="kehu-load-") as folder, writing(engine) as connection:
        sieve = sieve_of(connection, workspace)
        run = Load(connection, Path(folder), workspace.settings.phone_region, rules, sieve)
        for (source, file), exported in zip(files, dates, strict=True):
            counts = FileCounts(source.name, str(file.relative_to(workspace.root)))
            chunks = _told(loaders[source.format](source, file), counts.file, progress)
            run.take(chunks, counts, system=source.system, clock=clock, exported_at=exported)
            reports.append(counts)
        progress("customers", 0)
        resolved = run.finish()
    if sieve is not None and sieve.has_erased:
        forget_copies(workspace, engine)
    return LoadReport(tuple(reports), resolved)


def formats_at_hand() -> list[str]:
    """The names of the installed loaders, sorted."""
    return sorted(point.name for point in entry_points(group="kehu.loaders"))


def _files_of(workspace: Workspace, sources: Sequence[Source]) -> list[tuple[Source, Path]]:
    """Every source with each of its files once, in the order of their paths."""
    files: list[tuple[Source, Path]] = []
    problems: list[Problem] = []
    for source in sources:
        found = {pattern: {file for file in workspace.root.glob(pattern) if file.is_file()} for pattern in source.files}
        files += [(source, file) for file in sorted(set().union(*found.values()))]
        problems += [
            Problem(
                Place(source.path),
                "no-files",
                f"no file matches '{pattern}'",
                f"paths are relative to {workspace.root}",
            )
            for pattern, matching in found.items()
            if not matching
        ]
    refuse_errors(problems)
    return files


def _export_dates(files: Sequence[tuple[Source, Path]]) -> list[datetime | None]:
    """When each file was exported; None where its source does not ask its name."""
    dates = [
        exported_at(source.exported, file.name, source.timezone) if source.exported else None for source, file in files
    ]
    refuse_errors(
        [
            Problem(
                Place(source.path),
                "no-export-date",
                f"the name '{file.name}' does not tell its date as '{source.exported}' does",
                "mend 'exported', or name the file so",
            )
            for (source, file), date in zip(files, dates, strict=True)
            if source.exported and date is None
        ]
    )
    return dates


def _loaders() -> dict[str, Loader]:
    return {point.name: point.load() for point in entry_points(group="kehu.loaders")}


def _told(chunks: Iterator[LoadedChunk], what: str, progress: Progress) -> Iterator[LoadedChunk]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += chunk.read
        progress(what, done)
