"""What people decided of records: taken down, taken back, and as resolving takes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

import polars as pl
from sqlalchemy import Connection, insert, select, update

from kehu.identity.resolve import DECIDED_SCHEMA, anchors
from kehu.store.bulk import next_id, read_frame
from kehu.tables.identity import identity_decisions, locked_records

DecisionKind = Literal["same", "different", "dismissed", "lock"]


@dataclass(frozen=True, slots=True)
class RecordName:
    """What a customer record is called wherever it is loaded: its origin ('file' or 'mention'), system and key."""

    origin: str
    system: str
    key: str

    def __str__(self) -> str:
        return f"{self.system}:{self.key}"


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """What a person said of two records; `ended_at` is None while it counts.

    'dismissed' takes a suggestion out of the queue. A 'lock' has one record on both sides, of the customer that it
    keeps as it is.
    """

    id: int
    kind: DecisionKind
    left: RecordName
    right: RecordName
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None


def decided_pairs(connection: Connection, locked: pl.DataFrame | None = None) -> pl.DataFrame:
    """The decisions that count, as `resolve` takes them; where two contradict, the newer one.

    A lock joins the records of its customer; `locked` is what `read_locked` gives, where it was read already.
    """
    table = identity_decisions
    counts = (table.c.ended_at.is_(None), table.c.kind.in_(("same", "different")))
    rows = read_frame(connection, select(table).where(*counts).order_by(table.c.id))
    locked = read_locked(connection) if locked is None else locked
    if rows.is_empty() and locked.is_empty():
        return pl.DataFrame(schema=DECIDED_SCHEMA)
    sides = [rows.select(anchors(f"{side}_").alias(side))[side] for side in ("left", "right")]
    pairs = rows.select(pl.col("kind") == "same").rename({"kind": "same"}).with_columns(*sides)
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    numbered = pairs.with_columns(low=low, high=high).unique(["low", "high"], keep="last", maintain_order=True)
    said = numbered.select("same", "left", "right").cast(DECIDED_SCHEMA)  # type: ignore[arg-type]  # names to types, as it takes them
    return pl.concat([said, _chains(locked)])


def read_locked(connection: Connection) -> pl.DataFrame:
    """Columns lock (the decision's id), origin, system, key: every record of a locked customer."""
    table = locked_records
    standing = identity_decisions.c.id == table.c.decision_id
    columns = (table.c.decision_id.label("lock"), table.c.origin, table.c.system, table.c.key)
    query = select(*columns).join(identity_decisions, standing).where(identity_decisions.c.ended_at.is_(None))
    return read_frame(connection, query)


def _chains(locked: pl.DataFrame) -> pl.DataFrame:
    """Each record of a lock beside the next."""
    named = locked.select("lock", left=anchors()).sort("lock", "left")
    following = named.with_columns(right=pl.col("left").shift(-1).over("lock"), same=pl.lit(value=True))
    return following.drop_nulls("right").select("same", "left", "right").cast(DECIDED_SCHEMA)  # type: ignore[arg-type]  # as above


def add_decision(connection: Connection, decision: IdentityDecision, locked: Sequence[RecordName] = ()) -> int:
    """Take a decision down under the next id, which is returned; the one it has is ignored.

    `locked` are the records that a lock keeps together.
    """
    number = next_id(connection, identity_decisions)
    values = {field.name: getattr(decision, field.name) for field in fields(decision)} | {"id": number}
    for side in ("left", "right"):
        name: RecordName = values.pop(side)
        values |= {f"{side}_origin": name.origin, f"{side}_system": name.system, f"{side}_key": name.key}
    connection.execute(insert(identity_decisions).values(**values))
    first = next_id(connection, locked_records)
    rows = [
        {"id": place, "decision_id": number, "origin": name.origin, "system": name.system, "key": name.key}
        for place, name in enumerate(locked, first)
    ]
    if rows:
        connection.execute(insert(locked_records), rows)
    return number


def end_decisions(connection: Connection, numbers: Iterable[int], *, by: str, reason: str, now: datetime) -> None:
    """Take decisions back; one that was taken back already, or does not exist, is left as it is."""
    table = identity_decisions
    ending = update(table).values(ended_at=now, ended_by=by, ended_reason=reason)
    for number in numbers:
        connection.execute(ending.where(table.c.id == number, table.c.ended_at.is_(None)))


def all_decisions(connection: Connection) -> tuple[IdentityDecision, ...]:
    """Every decision, the oldest first."""
    rows = connection.execute(select(identity_decisions).order_by(identity_decisions.c.id)).mappings()
    return tuple(
        IdentityDecision(
            left=RecordName(row["left_origin"], row["left_system"], row["left_key"]),
            right=RecordName(row["right_origin"], row["right_system"], row["right_key"]),
            **{name: value for name, value in row.items() if not name.startswith(("left_", "right_"))},
        )
        for row in rows
    )
