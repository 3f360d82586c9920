"""Where things come from: identifiers, source records, batches, and rows that did not fit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, true

from kehu.reader.columns import mapped
from kehu.reader.keyset import ByteOrder, Key, Page, Window, read_page
from kehu.reader.listings import Listing
from kehu.store.counting import count_rows
from kehu.tables.facts import batches, customer_records, identifiers, quarantine, source_records


@dataclass(frozen=True, slots=True)
class Identifier:
    """A value that names a customer, in its comparable form; `system` only for a department's own key."""

    id: int
    kind: str
    system: str | None
    value: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A department's row that a customer is made of.

    `origin` is "file" for a row of a customer list and "mention" for a customer named on another record;
    `line` counts from 1 in `file`.
    """

    id: int
    system: str
    entity: str
    key: str
    origin: str
    name: str | None
    file: str
    line: int
    loaded_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that did not fit, with its place, the reason and the row as it stood."""

    id: int
    source: str
    file: str
    line: int
    column: str | None
    value: str | None
    reason: str
    row: str


@dataclass(frozen=True, slots=True)
class SourceStatistics:
    """What was read from one source in all: read = loaded + unchanged + quarantined + refused."""

    source: str
    batches: int
    read: int
    loaded: int
    unchanged: int
    quarantined: int
    refused: int
    last_finished_at: datetime | None


_COUNTED = ("read", "loaded", "unchanged", "quarantined", "refused")
_IDENTIFIERS = mapped(Identifier, identifiers)
_QUARANTINE = mapped(QuarantinedRow, quarantine)
QUARANTINE_KEYS = (Key(quarantine.c.id, descending=True),)

IDENTIFIERS = Listing(
    identifiers.c.id,
    (identifiers.c.customer_id,),
    identifiers,
    _IDENTIFIERS.columns,
    _IDENTIFIERS.build,
    newest_first=False,
)
_RECORD_COLUMNS = (
    customer_records.c.id,
    source_records.c.system,
    source_records.c.entity,
    source_records.c.key,
    customer_records.c.origin,
    customer_records.c.name,
    batches.c.file,
    source_records.c.line,
    batches.c.finished_at,
)
_RECORD_SOURCE = customer_records.join(source_records, source_records.c.id == customer_records.c.id).join(
    batches, batches.c.id == source_records.c.batch_id
)
SOURCE_RECORDS = Listing(
    customer_records.c.id,
    (customer_records.c.customer_id,),
    _RECORD_SOURCE,
    _RECORD_COLUMNS,
    lambda row: SourceRecord(*row[: len(_RECORD_COLUMNS)]),
    newest_first=False,
)


def identifiers_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Identifier]:
    """Unknown ids are absent."""
    return _IDENTIFIERS.by(connection, identifiers.c.id, ids)


def source_records_by_id(connection: Connection, ids: Collection[int]) -> dict[int, SourceRecord]:
    """Records that name a customer; unknown ids are absent."""
    statement = select(*_RECORD_COLUMNS).select_from(_RECORD_SOURCE).where(customer_records.c.id.in_(ids))
    return {row.id: SOURCE_RECORDS.build(row) for row in connection.execute(statement)}


def quarantine_by_id(connection: Connection, ids: Collection[int]) -> dict[int, QuarantinedRow]:
    """Unknown ids are absent."""
    return _QUARANTINE.by(connection, quarantine.c.id, ids)


def quarantine_page(connection: Connection, source: str | None, window: Window) -> Page[QuarantinedRow]:
    """Quarantined rows, the last read first; `source` None takes every source."""
    wanted = _QUARANTINE.select().where(_of_source(source))
    return read_page(connection, wanted, QUARANTINE_KEYS, window, _QUARANTINE.build)


def count_quarantine(connection: Connection, source: str | None, *, up_to: int | None = None) -> int:
    """How many rows `quarantine_page` pages through; `up_to` stops counting there."""
    return count_rows(connection, select(quarantine.c.id).where(_of_source(source)), up_to=up_to)


def source_statistics(connection: Connection) -> tuple[SourceStatistics, ...]:
    """One entry a source, by name."""
    sums = [func.sum(batches.c[name]).label(name) for name in _COUNTED]
    statement = select(
        batches.c.source, func.count().label("batches"), *sums, func.max(batches.c.finished_at).label("last")
    ).group_by(batches.c.source)
    return tuple(
        SourceStatistics(
            source=row.source,
            batches=row.batches,
            read=int(row.read),
            loaded=int(row.loaded),
            unchanged=int(row.unchanged),
            quarantined=int(row.quarantined),
            refused=int(row.refused),
            last_finished_at=row.last,
        )
        for row in connection.execute(statement.order_by(ByteOrder(batches.c.source)))
    )


def _of_source(source: str | None) -> ColumnElement[bool]:
    return true() if source is None else quarantine.c.source == source
