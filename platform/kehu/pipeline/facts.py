"""Customers and events of one state of the database: read once for several questions, or scanned for one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from kehu.features.aggregates import ordered_roles, stored_columns
from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.features.streams import STREAMS
from kehu.mirror.building import up_to_date
from kehu.mirror.mirror import Mirror
from kehu.pipeline.progress import Progress
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
        for _ in range(_TRIES):
            mirror = self._up_to_date()
            if mirror is None:
                break
            with reading(self.engine) as connection:
                customers = read_customers(connection, _attributes(catalogue))
                is_same_state = mirror.head == head_of(partial(read_frame, connection))
            if is_same_state:
                return compute(catalogue, customers, scans(mirror, catalogue), as_of, by_customer=True)
        return features_as_of(read_facts(self.engine, [catalogue]), catalogue, as_of)

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


def scans(mirror: Mirror, catalogue: Catalogue) -> dict[str, pl.LazyFrame]:
    """The columns that the features read, in the order that `compute` wants with `by_customer`."""
    ordered = ordered_roles(catalogue)
    scans = {}
    for name, columns in stored_columns(catalogue).items():
        roles, first = ordered.get(name, set()), next(iter(STREAMS[name].roles))
        by_id = {"id"} if roles - {first} else set()
        scans[name] = mirror.scan(name, columns | by_id, in_order=first in roles)
    return scans


def _attributes(catalogue: Catalogue) -> set[str]:
    return {item.column for item in catalogue.declarations if item.operation == "attribute"}
