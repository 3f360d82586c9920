"""One state of the database for several questions: as of several instants, or with several catalogues."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.mirror.mirror import Mirror
from kehu.pipeline.facts import Facts, Present, features_as_of, read_facts
from kehu.pipeline.scanning import scans


class Snapshot(Protocol):
    """Whatever is loaded meanwhile, it answers alike. It knows only what it was taken for: see `take_snapshot`."""

    def features(self, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
        """Every customer's features as of the instant, as `compute` gives them."""

    def events(self, stream: str, columns: Collection[str]) -> pl.LazyFrame:
        """The columns of every event of that kind, in no order."""


@dataclass(frozen=True, slots=True)
class Read:
    """A snapshot that was read into memory."""

    facts: Facts

    def features(self, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
        """As `Snapshot` says."""
        return features_as_of(self.facts, catalogue, as_of)

    def events(self, stream: str, columns: Collection[str]) -> pl.LazyFrame:
        """As `Snapshot` says."""
        return self.facts.events[stream].lazy().select(sorted(columns))


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A snapshot that stays in the mirror's files, which each question scans anew."""

    customers: pl.DataFrame
    mirror: Mirror

    def features(self, catalogue: Catalogue, as_of: datetime) -> pl.DataFrame:
        """As `Snapshot` says."""
        return compute(catalogue, self.customers, scans(self.mirror, catalogue), as_of, by_customer=True)

    def events(self, stream: str, columns: Collection[str]) -> pl.LazyFrame:
        """As `Snapshot` says."""
        return self.mirror.scan(stream, columns, in_order=False)


def take_snapshot(
    present: Present, catalogues: Collection[Catalogue], more: Mapping[str, Collection[str]] | None = None
) -> Snapshot:
    """The database's present state, for the features of the catalogues and the columns of `more` by kind of event.

    It is read into memory only where the mirror is of no use, of which `present` tells.
    """
    found = present.state(catalogues)
    if found is None:
        return Read(read_facts(present.engine, catalogues, more))
    mirror, customers = found
    return Mirrored(customers, mirror)
