"""What people decided of who is one customer, page by page, whether it still counts or not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select, true

from kehu.reader.columns import mapped
from kehu.reader.keyset import Key, Page, Window, read_page
from kehu.store.counting import count_rows
from kehu.tables.identity import identity_decisions, identity_suggestions


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision between two records, each called by its origin, system and key; a lock has one on both sides.

    `kind` is 'same', 'different', 'dismissed' or 'lock'; `ended_at` is None while it counts.
    """

    id: int
    kind: str
    left_origin: str
    left_system: str
    left_key: str
    right_origin: str
    right_system: str
    right_key: str
    reason: str
    author: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decisions are wanted; None takes any. `stands` are those that were not taken back."""

    kind: str | None = None
    author: str | None = None
    stands: bool | None = None


_DECISIONS = mapped(DecisionRow, identity_decisions)
DECISION_KEYS = (Key(identity_decisions.c.id, descending=True),)


def decisions_by_id(connection: Connection, ids: Collection[int]) -> dict[int, DecisionRow]:
    """Unknown ids are absent."""
    return _DECISIONS.by(connection, identity_decisions.c.id, ids)


def decision_page(connection: Connection, wanted: DecisionFilter, window: Window) -> Page[DecisionRow]:
    """The wanted decisions, the newest first."""
    return read_page(connection, _DECISIONS.select().where(_matches(wanted)), DECISION_KEYS, window, _DECISIONS.build)


def count_decisions(connection: Connection, wanted: DecisionFilter, *, up_to: int | None = None) -> int:
    """How many decisions are wanted; `up_to` stops counting there."""
    return count_rows(connection, select(identity_decisions.c.id).where(_matches(wanted)), up_to=up_to)


def suggestion_sureness(connection: Connection, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """The exact probability of each suggestion in the queue by its two records; those that are not there are absent."""
    table = identity_suggestions
    wanted = or_(false(), *(and_(table.c.left_id == left, table.c.right_id == right) for left, right in pairs))
    query = select(table.c.left_id, table.c.right_id, table.c.probability)
    return {(row.left_id, row.right_id): row.probability for row in connection.execute(query.where(wanted))}


def _matches(wanted: DecisionFilter) -> ColumnElement[bool]:
    table = identity_decisions
    stands = table.c.ended_at.is_(None)
    return and_(
        true() if wanted.kind is None else table.c.kind == wanted.kind,
        true() if wanted.author is None else table.c.author == wanted.author,
        true() if wanted.stands is None else stands if wanted.stands else ~stands,
    )
