"""What the mirror holds of each kind of event, and in which order."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Select, select

from kehu.features.streams import STREAMS
from kehu.store.bulk import polars_types
from kehu.store.reading import STREAM_TABLES

# Another number makes every mirror that is there unreadable, so that it is built again.
FORMAT = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of event: its columns with their types, and the order of its rows.

    `owner` is the customer whom features count the event for unless they say otherwise.
    """

    stream: str
    owner: str
    order: tuple[str, ...]
    types: pl.Schema

    @property
    def query(self) -> Select[Any]:
        """All that the store has of these columns, in no order."""
        events = STREAM_TABLES[self.stream]
        return select(*(events.c[name] for name in self.types))


def _layout(name: str) -> Layout:
    stream, events = STREAMS[name], STREAM_TABLES[name]
    owner = next(iter(stream.roles.values()))
    columns = dict.fromkeys(["id", *stream.roles.values(), *([stream.at] if stream.at else []), *stream.columns])
    types = polars_types(select(*(events.c[column] for column in columns)))
    return Layout(name, owner, (owner, *([stream.at] if stream.at else []), "id"), types)


LAYOUTS: Mapping[str, Layout] = {name: _layout(name) for name in STREAMS}
# By kind of event, the columns that name a customer.
ROLES: Mapping[str, tuple[str, ...]] = {name: tuple(stream.roles.values()) for name, stream in STREAMS.items()}


def schema_digest() -> str:
    """Changes whenever the columns, their types or the order of any kind of event do."""
    described = [
        (each.stream, each.order, [(name, str(kind)) for name, kind in each.types.items()]) for each in LAYOUTS.values()
    ]
    return hashlib.blake2b(repr((FORMAT, described)).encode(), digest_size=16).hexdigest()
