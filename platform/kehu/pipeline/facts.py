"""Customers and events of one state of the database: read once for several questions, or scanned for one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.features.aggregates import stored_columns
from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute, derive
from kehu.features.counted import Counted
from kehu.features.summands import from_summands
from kehu.mirror.building import up_to_date
from kehu.mirror.files import UnusableError
from kehu.mirror.kept import Kept, read_kept, write_kept
from kehu.mirror.kept_customers import KeptCustomers
from kehu.mirror.mirror import Mirror
from kehu.pipeline.progress import Progress
from kehu.pipeline.recounting import Recount, count_all, recount
from kehu.pipeline.scanning import scans
from kehu.pipeline.transactions import reading
from kehu.store.bulk import read_frame
from kehu.store.event_changes import head_of
from kehu.store.reading import read_customers, read_events

# How often a load may come between the mirror and the customers before the events are read from the store instead.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """One consistent state of the database: `customer` with attributes, and the events of each kind."""

    customers: pl.DataFrame
    events: Mapping[str, pl.DataFrame]


def read_facts(
    engine: Engine, catalogues: Collection[Catalogue], more: Mapping[str, Collection[str]] | None = None
) -> Facts:
    """What the catalogues' features need, and the columns of `more` (kind of event to stored columns)."""
    attributes: set[str] = set()
    streams = {name: set(columns) for name, columns in (more or {}).items()}
    for catalogue in catalogues:
        attributes |= _attributes(catalogue)
        for name, columns in stored_columns(catalogue).items():
            streams.setdefault(name, set()).update(columns)
    with reading(engine) as connection:
        customers = read_customers(connection, attributes)
        events = {name: read_events(connection, name, columns) for name, columns in streams.items()}
    return Facts(customers, events)


def features_as_of(facts: Facts, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
    """Every customer's features as of the instant, as `compute` gives them."""
    events = {name: frame.lazy() for name, frame in facts.events.items()}
    return compute(catalogue, facts.customers, events, as_of)


def mirror_folder(engine: Engine, workspace: Path) -> Path | None:
    """Where the mirror of that database lies: beside an SQLite file, else in the workspace; None for one in memory."""
    if engine.dialect.name != "sqlite":
        return workspace / ".kehu" / "mirror"
    file = engine.url.database
    return None if file in {None, "", ":memory:"} else Path(f"{file}.mirror")


@dataclass(frozen=True, slots=True)
class Present:
    """The database's present state, with the folder of its mirror; without one, the store is read.

    `progress` is told when the mirror had to be built again or could not be used, and why.
    """

    engine: Engine
    mirror: Path | None
    progress: Progress

    def features(self, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
        """Every customer's features as of the instant, the events scanned in the mirror once it is up to date.

        They are read from the store where the mirror cannot be read or written, and when load after load comes between.
        """
        found = self.state([catalogue])
        if found is None:
            return features_as_of(read_facts(self.engine, [catalogue]), catalogue, as_of)
        mirror, customers = found
        return compute(catalogue, customers, scans(mirror, catalogue), as_of, by_customer=True)

    def renewed(self, catalogue: Catalogue, as_of: datetime, *, full: bool, keep: bool) -> tuple[pl.DataFrame, Recount]:
        """The same features, with the events counted only of those for whom something may have changed since last time.

        That is since the last call that was to `keep` what it counted; with `full` everyone's are counted. Where they
        cannot be kept, `progress` is told, and the next call counts everyone's.
        """
        found = self.state([catalogue])
        if found is None or self.mirror is None:
            features = features_as_of(read_facts(self.engine, [catalogue]), catalogue, as_of)
            return features, Recount(len(features), len(features), why="the events were read from the database itself")
        mirror, customers = found
        counted, told = self._counted(mirror, catalogue, customers["customer"], as_of, full=full)
        if keep:
            try:
                write_kept(self.mirror, Kept(mirror.head, counted, mirror.last_ids))
            except OSError as error:
                self.progress(f"what was counted cannot be kept for the next run: {error}", 0)
        return derive(catalogue, customers, from_summands(catalogue, counted.frame), as_of), told

    def _counted(
        self, mirror: Mirror, catalogue: Catalogue, customers: pl.Series, as_of: datetime, *, full: bool
    ) -> tuple[Counted, Recount]:
        if full:
            return count_all(mirror, catalogue, customers, as_of, "that was asked for")
        try:
            kept = read_kept(mirror.folder)
        except (UnusableError, OSError) as error:
            return count_all(mirror, catalogue, customers, as_of, f"what was kept cannot be used: {error}")
        if kept is None:
            return count_all(mirror, catalogue, customers, as_of, "nothing was kept of a run before")
        touched = mirror.touched_since(kept.head)
        if touched is None:
            why = mirror.note or "it is not known any more what has changed since"
            return count_all(mirror, catalogue, customers, as_of, why)
        return recount(mirror, catalogue, customers, as_of, kept, touched)

    def state(self, catalogues: Collection[Catalogue]) -> tuple[Mirror, pl.DataFrame] | None:
        """The mirror and the customers of one state of the database; None where the mirror is of no use."""
        attributes = {name for each in catalogues for name in _attributes(each)}
        for _ in range(_TRIES):
            mirror = self._up_to_date()
            if mirror is None:
                return None
            with reading(self.engine) as connection:
                if mirror.head == head_of(partial(read_frame, connection)):
                    kept = KeptCustomers(mirror.folder, self.progress)
                    return mirror, kept.read(connection, attributes, mirror.head)
        return None

    def _up_to_date(self) -> Mirror | None:
        if self.mirror is None:
            return None
        try:
            mirror = up_to_date(self.engine, self.mirror)
        except OSError as error:
            self.progress(f"reading the database itself, its mirror cannot be used: {error}", 0)
            return None
        if mirror.note:
            self.progress(f"mirror built again: {mirror.note}", 0)
        return mirror


def _attributes(catalogue: Catalogue) -> set[str]:
    return {item.column for item in catalogue.declarations if item.operation == "attribute"}
