"""The log of changed events, written in the transaction that changes them."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, text
from sqlalchemy.sql.selectable import TextualSelect

from kehu.store.bulk import insert_frame, next_id
from kehu.tables.copies import event_changes

# Ids no further apart are logged as one range: reading a few events too many again costs less than more ranges.
_NEARBY = 16
_KEPT = 1_000_000
# CROSS JOIN keeps SQLite to this order: a look-up for each range, never a scan of all events.
_CHANGED = """
SELECT {columns} FROM event_changes AS c CROSS JOIN {stream} AS e
WHERE c.stream = '{stream}' AND c.id > :since AND e.id BETWEEN c.first_id AND c.last_id
"""
_TOKEN_BITS = 62


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of the log; id and token are 0 when there is none."""

    id: int = 0
    token: int = 0


def log_changes(connection: Connection, events: Table, ids: pl.Series) -> None:
    """Note that the table's events of these ids were written, given to another customer, or deleted.

    Of memberships the ids are those of customers who gave or took over such, or warnings. Of customers they are those
    of whom there is a new one, none any more, or one with another kind, name or address.

    Old entries go: whoever has not read them reads everything.
    """
    if ids.is_empty():
        return
    first = next_id(connection, event_changes)
    token = secrets.randbits(_TOKEN_BITS)
    entries = (
        ranges(pl.DataFrame({"first_id": ids, "last_id": ids}), _NEARBY)
        .with_row_index("id", offset=first)
        .with_columns(pl.col("id").cast(pl.Int64), stream=pl.lit(events.name), token=pl.lit(token, pl.Int64))
    )
    insert_frame(connection, event_changes, entries)
    connection.execute(delete(event_changes).where(event_changes.c.id < first + len(entries) - _KEPT))


def ranges(spans: pl.DataFrame, nearby: int = 0) -> pl.DataFrame:
    """The spans (first_id, last_id, both inside) in order, those that overlap or lie within `nearby` joined."""
    ordered = spans.select("first_id", "last_id").sort("first_id")
    apart = pl.col("first_id") > pl.col("last_id").cum_max().shift(1) + nearby
    return (
        ordered.with_columns(group=apart.fill_null(value=True).cum_sum())
        .group_by("group", maintain_order=True)
        .agg(pl.col("first_id").min(), pl.col("last_id").max())
        .drop("group")
    )


def head_of(read: Callable[[Select[tuple[int, int]]], pl.DataFrame]) -> Head:
    """The newest entry, by whatever reads a query."""
    newest = select(event_changes.c.id, event_changes.c.token).where(
        event_changes.c.id == select(func.max(event_changes.c.id)).scalar_subquery()
    )
    rows = read(newest).rows()
    return Head(*rows[0]) if rows else Head()


def token_query(head: Head) -> Select[tuple[int]]:
    """The token of the entry with the head's id: one row, or none when it is gone."""
    return select(event_changes.c.token).where(event_changes.c.id == head.id)


def changes_query(stream: str, since: Head) -> Select[tuple[int, int]]:
    """Every range of ids of that kind of event logged after the head."""
    later = (event_changes.c.stream == stream, event_changes.c.id > since.id)
    return select(event_changes.c.first_id, event_changes.c.last_id).where(*later)


def changed_events_query(stream: str, columns: Iterable[ColumnElement[Any]], since: Head) -> TextualSelect:
    """The columns of that kind of event within ranges logged after the head; an event may come more than once."""
    named = list(columns)
    query = text(_CHANGED.format(columns=", ".join(f"e.{column.name}" for column in named), stream=stream))
    return query.bindparams(since=since.id).columns(*named)
