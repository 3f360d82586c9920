"""Customers with what features take from them, kept beside the mirror and brought up by the log of changes."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from kehu.mirror.changes import within
from kehu.mirror.contents import understood
from kehu.mirror.files import UnusableError
from kehu.mirror.kept_frame import KeptFrame
from kehu.store.bulk import read_frame
from kehu.store.event_changes import Head, changed_events_query, changes_query, ranges, token_query
from kehu.store.reading import read_customers
from kehu.tables.facts import customers

_FOLDER = "customers"


@dataclass(frozen=True, slots=True)
class KeptCustomers:
    """Where those of a database are kept; `progress` is told why they could not be."""

    folder: Path
    progress: Callable[[str, int], None]

    def read(self, connection: Connection, attributes: Collection[str], head: Head) -> pl.DataFrame:
        """What `read_customers` gives; `head` is the log's newest entry, seen by the same transaction."""
        kept, place = self._kept(), KeptFrame(self.folder / _FOLDER)
        frame = None if kept is None else _brought_up(connection, *kept, attributes)
        if frame is None or kept is None or frame is not kept[1]:
            frame = read_customers(connection, set(attributes)) if frame is None else frame
            try:
                place.write({"version": version("kehu"), "head": asdict(head)}, frame)
            except OSError as error:
                self.progress(f"customers cannot be kept beside the mirror: {error}", 0)
        return frame.select("customer", *sorted(attributes))

    def forget(self) -> None:
        """Let the next reader read all. Raises OSError when the contents cannot be removed."""
        KeptFrame(self.folder / _FOLDER).forget()

    def _kept(self) -> tuple[Head, pl.DataFrame] | None:
        place = KeptFrame(self.folder / _FOLDER)
        try:
            found = place.read(thoroughly=False)
            return None if found is None else _understood(place, *found)
        except (UnusableError, OSError) as error:
            self.progress(f"reading customers from the database itself: {error}", 0)
            return None


def _understood(place: KeptFrame, known: dict[str, Any], frame: pl.DataFrame) -> tuple[Head, pl.DataFrame] | None:
    with understood(place.contents):
        # Another version may not have logged every change.
        return (Head(**known["head"]), frame) if known["version"] == version("kehu") else None


def _brought_up(
    connection: Connection, since: Head, kept: pl.DataFrame, attributes: Collection[str]
) -> pl.DataFrame | None:
    """`kept` itself when none of them changed; None where what is kept does not say what is asked."""
    read = partial(read_frame, connection)
    if not set(attributes) <= set(kept.columns) or read(token_query(since)).rows() != [(since.token,)]:
        return None
    frame, changed = kept, ranges(read(changes_query(customers.name, since)))
    if not changed.is_empty():
        columns = [customers.c[name] for name in ("id", *kept.columns[1:])]
        fresh = read(changed_events_query(customers.name, columns, since)).unique("id").rename({"id": "customer"})
        frame = pl.concat([kept.filter(~within(changed, kept["customer"])), fresh]).sort("customer")
    there = select(func.count().label("rows"), func.coalesce(func.max(customers.c.id), 0).label("last"))
    told = (len(frame), frame["customer"].max() or 0)
    return frame if read(there.select_from(customers)).rows() == [told] else None
