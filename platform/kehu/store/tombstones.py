"""Erasures and their tombstones as they are stored, and rows of erased persons kept out of a load."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select, update

from kehu.identity.seal import Seal
from kehu.identity.tombstones import NAMING, account, cells_of, met, met_by_texts, named_as
from kehu.model.graph import FIELDS, PARTY_FIELDS, Entity
from kehu.store.bulk import next_id
from kehu.tables.facts import batches
from kehu.tables.identity import erasure_refusals, erasures, tombstones

_PARTS = tuple(part.name for part in PARTY_FIELDS)
_ERASED = "a row of an erased person"


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure: who asked for it and why, how much of what went, what of it came again; ended by consent."""

    id: int
    code: str
    key_check: str
    reason: str
    author: str
    created_at: datetime
    counts: Mapping[str, int]
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None
    refused: int


def all_erasures(connection: Connection) -> tuple[Erasure, ...]:
    """Every erasure, the oldest first."""
    again = select(func.count()).where(erasure_refusals.c.erasure_id == erasures.c.id).scalar_subquery()
    rows = connection.execute(select(erasures, again.label("refused")).order_by(erasures.c.id)).mappings()
    return tuple(Erasure(**row) for row in rows)


def standing_tombstones(connection: Connection) -> dict[str, int]:
    """The erasure of every digest that counts."""
    joined = tombstones.join(erasures, erasures.c.id == tombstones.c.erasure_id)
    query = select(tombstones.c.digest, tombstones.c.erasure_id).select_from(joined)
    return dict(map(tuple, connection.execute(query.where(erasures.c.ended_at.is_(None))).all()))


def tombstones_of(connection: Connection, erasure_id: int) -> list[tuple[str, str]]:
    """Kind and digest of each, in order."""
    query = select(tombstones.c.kind, tombstones.c.digest).where(tombstones.c.erasure_id == erasure_id)
    return sorted((row[0], row[1]) for row in connection.execute(query))


def add_erasure(connection: Connection, values: Mapping[str, object], digests: Iterable[tuple[str, str]]) -> int:
    """Take an erasure down with its tombstones; returns its id."""
    number, first = next_id(connection, erasures), next_id(connection, tombstones)
    connection.execute(insert(erasures).values(id=number, **values))
    rows = [
        {"id": place, "erasure_id": number, "kind": kind, "digest": digest}
        for place, (kind, digest) in enumerate(sorted(set(digests)), first)
    ]
    if rows:
        connection.execute(insert(tombstones), rows)
    return number


def count_erased(connection: Connection, number: int, counts: Mapping[str, int]) -> None:
    """Write down how many rows of what went."""
    connection.execute(update(erasures).where(erasures.c.id == number).values(counts=dict(counts)))


def end_erasure(connection: Connection, number: int, *, by: str, reason: str, now: datetime) -> None:
    """Let a person's rows in again: its tombstones count no longer."""
    ended = {"ended_at": now, "ended_by": by, "ended_reason": reason}
    connection.execute(update(erasures).where(erasures.c.id == number).values(**ended))


@dataclass(slots=True)
class Sieve:
    """Keeps rows of erased persons out of one load, and remembers each by a digest.

    `has_erased` where somebody was erased again first, because a backup had brought them back.
    """

    connection: Connection
    seal: Seal
    region: str
    has_erased: bool = False
    known: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.known = standing_tombstones(self.connection)

    def forget(self, source: str, file: str) -> None:
        """Drop what an earlier load of the file refused."""
        earlier = select(batches.c.id).where(batches.c.source == source, batches.c.file == file)
        connection = self.connection
        connection.execute(delete(erasure_refusals).where(erasure_refusals.c.batch_id.in_(earlier)))

    def sift(self, entity: Entity, records: pl.DataFrame, system: str, batch_id: int) -> pl.DataFrame:
        """The records without those about an erased person; a shipment stays, without the erased party.

        Its hash is sealed, so that nobody can try phone numbers on it, and the same row is seen to be unchanged.
        """
        if not self.known or entity == "employee" or records.is_empty():
            return records
        own_system = system if entity == "customer" else None
        found = {role: self._found(_named(records, role, own_system)) for role in _naming_roles(entity)}
        self._remember(records, found, entity, batch_id)
        hits = pl.DataFrame({role: [each is not None for each in numbers] for role, numbers in found.items()})
        if entity != "shipment":
            return records.filter(~hits.select(pl.any_horizontal(pl.all())).to_series())
        return self._without_parties(records, hits)

    def sift_quarantine(self, rows: pl.DataFrame, system: str) -> pl.DataFrame:
        """Quarantined rows, those of erased persons replaced by a digest of theirs."""
        if not self.known or rows.is_empty():
            return rows
        cells = [cells_of(row) for row in rows["row"]]
        named = met_by_texts({cell for each in cells for cell in each}, self.region)
        hits = {cell: any(map(self._meets, (account(system, cell), *would))) for cell, would in named.items()}
        hit = [any(hits[cell] for cell in each) for each in cells]
        sealed = [self.seal.digest("quarantine", row) for row in rows["row"]]
        marked = rows.with_columns(pl.Series("hit", hit, dtype=pl.Boolean()), pl.Series("sealed", sealed))
        return marked.with_columns(
            pl.when("hit").then(None).otherwise("value").alias("value"),
            pl.when("hit").then(pl.lit(_ERASED)).otherwise("reason").alias("reason"),
            pl.when("hit").then(pl.lit('{"digest": "') + pl.col("sealed") + pl.lit('"}')).otherwise("row").alias("row"),
        ).drop("hit", "sealed")

    def _found(self, named: pl.DataFrame) -> list[int | None]:
        """The erasure that each row meets, by distinct rows: digests cannot be computed in columns."""
        distinct = named.unique(maintain_order=True)
        erased = [self._erasure(row) for row in named_as(distinct, self.region).iter_rows(named=True)]
        numbers = distinct.with_columns(pl.Series("erasure", erased, dtype=pl.Int64()))
        return named.join(numbers, on=named.columns, how="left", nulls_equal=True, maintain_order="left")[
            "erasure"
        ].to_list()

    def _erasure(self, row: Mapping[str, str | None]) -> int | None:
        return next((number for each in met(row) if (number := self._meets(each))), None)

    def _meets(self, named: tuple[str, str]) -> int | None:
        return self.known.get(self.seal.digest(*named))

    def _remember(
        self, records: pl.DataFrame, found: Mapping[str, Sequence[int | None]], entity: Entity, batch_id: int
    ) -> None:
        first = next_id(self.connection, erasure_refusals)
        # One row may name the same person twice: who sends a parcel mostly pays for it.
        refused = dict.fromkeys(
            (number, line, digest)
            for numbers in found.values()
            for number, line, digest in zip(numbers, records["line"], records["hash"], strict=True)
            if number is not None
        )
        rows = [
            {"id": place, "erasure_id": number, "batch_id": batch_id, "entity": entity, "line": line}
            | {"digest": self.seal.digest("row", str(digest))}
            for place, (number, line, digest) in enumerate(refused, first)
        ]
        if rows:
            self.connection.execute(insert(erasure_refusals), rows)

    def _without_parties(self, records: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
        any_hit = hits.select(pl.any_horizontal(pl.all())).to_series()
        sealed = [
            self.seal.number(number) if hit else number for number, hit in zip(records["hash"], any_hit, strict=True)
        ]
        blanked = [
            pl.when(~hits[role]).then(pl.col(f"{role}_{part}")).alias(f"{role}_{part}")
            for role in hits.columns
            for part in _PARTS
        ]
        return records.with_columns(*blanked, pl.Series("hash", sealed, dtype=pl.Int64()))


def _naming_roles(entity: Entity) -> tuple[str, ...]:
    """Whom a record of the kind is about: '' is whom the row itself names."""
    parties = tuple(item.name for item in FIELDS[entity] if item.kind == "party")
    return {"customer": ("", "same_as"), "contact": ("", *parties)}.get(entity, parties)


def _named(records: pl.DataFrame, role: str, own_system: str | None) -> pl.DataFrame:
    """The columns of NAMING of each record in the role; its own key is an account where `own_system` is given."""
    if role:
        columns = {name: f"{role}_{name}" for name in NAMING if f"{role}_{name}" in records.columns}
        return records.select(pl.col(column).alias(name) for name, column in columns.items())
    own = [name for name in NAMING if name in records.columns]
    return records.select(*own).with_columns(system=pl.lit(own_system, pl.String()))
