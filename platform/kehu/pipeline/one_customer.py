"""The features of one customer, from its own events alone wherever they decide."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from kehu.features.aggregates import stored_columns
from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.features.declaration import POPULATION
from kehu.features.selection import only
from kehu.features.streams import STREAMS
from kehu.pipeline.facts import Present
from kehu.store.one_customer import read_one_customer, read_own_events


def one_customers_features(
    connection: Connection,
    present: Present,
    catalogue: Catalogue,
    wanted: Collection[str],
    customer_id: int,
    as_of: datetime,
) -> pl.DataFrame:
    """The customer's row as `compute` gives it, with at least the wanted features.

    Only its own events are read, unless a wanted feature compares it with all others, as a rank does: then theirs are
    scanned as far as the wanted features ask for them.
    """
    own = own_part(catalogue)
    if set(wanted) <= set(own.schema):
        customer = read_one_customer(connection, customer_id, _attributes(own))
        events = {
            name: read_own_events(connection, customer_id, name, columns, STREAMS[name].roles.values()).lazy()
            for name, columns in stored_columns(own).items()
        }
        return compute(own, customer, events, as_of)
    return present.features(only(catalogue, set(wanted)), as_of).filter(customer=customer_id)


def own_part(catalogue: Catalogue) -> Catalogue:
    """The features that depend on no other customer, in their order."""
    compared: set[str] = set()
    for item in catalogue.declarations:
        if item.operation in POPULATION or compared & set(item.info.needs):
            compared.add(item.info.name)
    kept = tuple(item for item in catalogue.declarations if item.info.name not in compared)
    return replace(catalogue, declarations=kept)


def _attributes(catalogue: Catalogue) -> set[str]:
    return {item.column for item in catalogue.declarations if item.operation == "attribute"}
