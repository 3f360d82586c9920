"""Customers and events read once, so that features can be computed of them by several rules or instants."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Engine

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute, stored_columns
from kehu.pipeline.transactions import reading
from kehu.store.reading import read_customers, read_events


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
        attributes |= {item.column for item in catalogue.declarations if item.operation == "attribute"}
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
