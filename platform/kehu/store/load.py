"""One load: chunks of many files into the graph, in the caller's one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, delete, insert, select, update

from kehu.identity.rules import PLAIN_RULES, IdentityRules
from kehu.model.graph import Entity
from kehu.sources.loader import LoadedChunk
from kehu.store.bulk import insert_frame, next_id
from kehu.store.customers import ResolvedCounts, customer_of_records, resolve_changes
from kehu.store.events import EventSpool, mark_seen, named_records, write_events
from kehu.store.golden import customers_of_several, renew_golden
from kehu.store.identity_index import read_state
from kehu.store.records import RecordWriter, event_columns, records_owned_by
from kehu.store.staff import write_employees
from kehu.store.tombstones import Sieve
from kehu.tables.facts import batches, customer_records, quarantine

# The customers of so many events are looked up one by one; for more of them all are read.
_FEW = 20_000


@dataclass(slots=True)
class FileCounts:
    """What became of one file's rows: read = loaded + unchanged + quarantined + refused, those of erased persons."""

    source: str
    file: str
    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    refused: int = 0


@dataclass(slots=True)
class Load:
    """Takes files one after the other, then `finish` resolves customers and writes the events.

    `folder` is an empty folder for what must wait on disk.
    """

    connection: Connection
    folder: Path
    phone_region: str
    rules: IdentityRules = PLAIN_RULES
    sieve: Sieve | None = None
    spool: EventSpool = field(init=False)
    changed: int = 0
    touched: list[pl.Series] = field(init=False, default_factory=list)
    redated: list[pl.Series] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.spool = EventSpool(self.folder)

    def take(
        self,
        chunks: Iterable[LoadedChunk],
        counts: FileCounts,
        *,
        system: str,
        clock: Callable[[], datetime],
        exported_at: datetime | None = None,
    ) -> None:
        """Write the records of one file, and its quarantine in place of that of an earlier load of it.

        Rows that a later export than that of `exported_at` brought before are left as they are, as unchanged.

        Raises whatever the chunks raise while they are read: RefusedError from a loader.
        """
        batch_id = next_id(self.connection, batches)
        row = {"id": batch_id, "source": counts.source, "file": counts.file, "started_at": clock()}
        zero = {"read": 0, "loaded": 0, "unchanged": 0, "quarantined": 0, "refused": 0}
        self.connection.execute(insert(batches).values(**row, **zero))
        earlier = (quarantine.c.source == counts.source, quarantine.c.file == counts.file)
        self.connection.execute(delete(quarantine).where(*earlier))
        if self.sieve is not None:
            self.sieve.forget(counts.source, counts.file)
        writer = RecordWriter(self.connection, batch_id, system, exported_at)
        for chunk in chunks:
            self._take_chunk(writer, chunk, counts)
        self.touched += writer.touched
        done = {name: getattr(counts, name) for name in zero}
        self.connection.execute(update(batches).where(batches.c.id == batch_id).values(finished_at=clock(), **done))
        self.changed += counts.loaded
        self.redated += writer.redated

    def finish(self) -> ResolvedCounts | None:
        """Resolve customers and write the events that waited; None when nothing had changed."""
        if not self.changed and not self._never_resolved():
            self._renew_redated()
            return None
        changed = pl.concat([pl.Series("id", [], dtype=pl.Int64), *self.touched]).unique()
        resolved, moved = resolve_changes(self.connection, self.phone_region, self.rules, changed)
        self._renew_redated()
        mark_seen(self.connection, pl.concat([moved, *self._write_events()]).unique())
        return resolved

    def _never_resolved(self) -> bool:
        """Whether records of before an upgrade wait for what resolving them writes now."""
        some = select(customer_records.c.id).limit(1)
        return read_state(self.connection) is None and self.connection.execute(some).first() is not None

    def _write_events(self) -> Iterator[pl.Series]:
        """Write the events that waited; yields the customers whose events they are or were."""
        records = customer_of_records(self.connection) if self.spool.rows > _FEW else None
        for entity, rows in self.spool:
            known = (
                records if records is not None else customer_of_records(self.connection, named_records(entity, rows))
            )
            yield write_events(self.connection, entity, rows, known)

    def _renew_redated(self) -> None:
        """Where records are in a newer export as they were, what is most recent of their customers may be another."""
        redated = pl.concat(self.redated) if self.redated else pl.Series(dtype=pl.Int64)
        if not redated.is_empty():
            several = customers_of_several(self.connection, redated)
            renew_golden(self.connection, several, self.phone_region, self.rules)

    def _take_chunk(self, writer: RecordWriter, chunk: LoadedChunk, counts: FileCounts) -> None:
        changed_lines = [pl.Series("line", [], dtype=pl.Int64)]
        sifted, refused = self._sifted(writer, chunk)
        for entity, records in sifted.items():
            changed_lines.append(self._take_records(writer, entity, records)["line"])
        loaded = pl.concat(changed_lines).n_unique()
        fitting = chunk.lines.n_unique()
        counts.read += chunk.read
        counts.loaded += loaded
        counts.unchanged += fitting - loaded - refused
        counts.refused += refused
        counts.quarantined += chunk.read - fitting
        rows = chunk.quarantine
        self._keep_quarantine(writer, self.sieve.sift_quarantine(rows, writer.system) if self.sieve else rows, counts)

    def _sifted(self, writer: RecordWriter, chunk: LoadedChunk) -> tuple[Mapping[Entity, pl.DataFrame], int]:
        """The records without those of erased persons, and of how many lines nothing is left."""
        if self.sieve is None:
            return chunk.records, 0
        kept = {
            entity: self.sieve.sift(entity, records, writer.system, writer.batch_id)
            for entity, records in chunk.records.items()
        }
        lines = [
            pl.concat([each["line"] for each in some.values()]).n_unique() for some in (chunk.records, kept) if some
        ]
        return kept, lines[0] - lines[1] if lines else 0

    def _take_records(self, writer: RecordWriter, entity: Entity, records: pl.DataFrame) -> pl.DataFrame:
        if entity == "customer":
            return writer.write_customers(records)
        changed = writer.write(entity, records)
        if entity == "employee":
            write_employees(self.connection, changed)
            self.touched.append(records_owned_by(self.connection, changed.filter("is_new")["key"]))
        else:
            self.spool.add(entity, event_columns(entity, changed))
        return changed

    def _keep_quarantine(self, writer: RecordWriter, rows: pl.DataFrame, counts: FileCounts) -> None:
        first = next_id(self.connection, quarantine)
        kept = rows.with_row_index("id", offset=first).with_columns(
            pl.col("id").cast(pl.Int64),
            pl.lit(writer.batch_id, pl.Int64).alias("batch_id"),
            pl.lit(counts.source).alias("source"),
            pl.lit(counts.file).alias("file"),
        )
        insert_frame(self.connection, quarantine, kept)
