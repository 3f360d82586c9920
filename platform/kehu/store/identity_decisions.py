"""What people decided of two records: taken down, taken back, and as resolving takes it."""

from dataclasses import dataclass, fields
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, insert, select, update

from kehu.identity.resolve import DECIDED_SCHEMA, anchors
from kehu.store.bulk import next_id, read_frame
from kehu.tables.identity import identity_decisions


@dataclass(frozen=True, slots=True)
class RecordName:
    """What a customer record is called wherever it is loaded: its origin ('file' or 'mention'), system and key."""

    origin: str
    system: str
    key: str


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """That two records are the same customer's, or that they are not; `ended_at` is None while it counts."""

    id: int
    same: bool
    left: RecordName
    right: RecordName
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


def decided_pairs(connection: Connection) -> pl.DataFrame:
    """The decisions that count, as `resolve` takes them; where two contradict, the newer one."""
    table = identity_decisions
    rows = read_frame(connection, select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id))
    sides = [rows.select(anchors(f"{side}_").alias(side))[side] for side in ("left", "right")]
    pairs = rows.select("same").with_columns(*sides)
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    numbered = pairs.with_columns(low=low, high=high).unique(["low", "high"], keep="last", maintain_order=True)
    return numbered.select("same", "left", "right").cast(DECIDED_SCHEMA)  # type: ignore[arg-type]  # names to types, as it takes them


def add_decision(connection: Connection, decision: IdentityDecision) -> int:
    """Take a decision down under the next id, which is returned; the one it has is ignored."""
    number = next_id(connection, identity_decisions)
    values = {field.name: getattr(decision, field.name) for field in fields(decision)} | {"id": number}
    for side in ("left", "right"):
        name: RecordName = values.pop(side)
        values |= {f"{side}_origin": name.origin, f"{side}_system": name.system, f"{side}_key": name.key}
    connection.execute(insert(identity_decisions).values(**values))
    return number


def end_decision(connection: Connection, number: int, *, by: str, reason: str, now: datetime) -> None:
    """Take a decision back; one that was taken back already, or does not exist, is left as it is."""
    table = identity_decisions
    standing = (table.c.id == number, table.c.ended_at.is_(None))
    connection.execute(update(table).where(*standing).values(ended_at=now, ended_by=by, ended_reason=reason))


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
