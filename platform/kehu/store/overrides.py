"""What people decided against the rules: taken down, ended, and in effect as of an instant."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Literal

import polars as pl
from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from kehu.model.graph import INSTANT
from kehu.store.bulk import insert_frame, next_id, read_frame
from kehu.tables.overrides import overrides

Effect = Literal["include", "exclude"]


@dataclass(frozen=True, slots=True)
class Decision:
    """An override to be taken down: it counts over [`starts_at`, `expires_at`), None being without that edge.

    `code` is a level; of a warning rule set it is a warning, which 'exclude' mutes.
    """

    customer_id: int
    ruleset: str
    code: str
    effect: Effect
    reason: str
    author: str
    starts_at: datetime | None = None
    expires_at: datetime | None = None


_DECISION_TYPES = {
    **{field.name: pl.String() for field in fields(Decision)},
    "customer_id": pl.Int64(),
    "starts_at": INSTANT,
    "expires_at": INSTANT,
}


def counts_as_of(instant: datetime) -> ColumnElement[bool]:
    """Whether an override has not been ended and its interval holds the instant."""
    begun = or_(overrides.c.starts_at.is_(None), overrides.c.starts_at <= instant)
    lasting = or_(overrides.c.expires_at.is_(None), overrides.c.expires_at > instant)
    return and_(overrides.c.ended_at.is_(None), begun, lasting)


def active_overrides(connection: Connection, as_of: datetime, *, tiers: Collection[str]) -> pl.DataFrame:
    """The overrides in effect as of the instant, ordered by `override`, their id.

    Columns customer, ruleset, code, effect, override, reason, author, expires_at. A merge of customers can bring
    contradicting ones together; the newest of them counts: one of a code, one 'include' in each of the rule sets
    in `tiers`, of which a customer has one level.
    """
    columns = (overrides.c.customer_id.label("customer"), overrides.c.ruleset, overrides.c.code, overrides.c.effect)
    said = (overrides.c.id.label("override"), overrides.c.reason, overrides.c.author, overrides.c.expires_at)
    found = read_frame(connection, select(*columns, *said).where(counts_as_of(as_of)).order_by(overrides.c.id))
    latest = found.unique(["customer", "ruleset", "code"], keep="last", maintain_order=True)
    is_exclusive = pl.col("ruleset").is_in(list(tiers)) & (pl.col("effect") == "include")
    place = pl.when(is_exclusive).then(pl.lit(None, pl.String)).otherwise("code")
    return (
        latest.with_columns(place.alias("place"))
        .unique(["customer", "ruleset", "place"], keep="last", maintain_order=True)
        .drop("place")
    )


def add_overrides(connection: Connection, decisions: Sequence[Decision], *, now: datetime) -> tuple[int, ...]:
    """Take decisions down, made `now`; returns their ids in the same order.

    Whether they contradict others is the caller's question. Raises RefusedError when a text holds the character NUL.
    """
    first = next_id(connection, overrides)
    rows = pl.DataFrame([astuple(decision) for decision in decisions], schema=_DECISION_TYPES, orient="row")
    made = rows.with_columns(pl.lit(now, INSTANT).alias("created_at"))
    insert_frame(connection, overrides, made.with_row_index("id", offset=first).cast({"id": pl.Int64}))
    return tuple(range(first, first + len(decisions)))


def end_override(connection: Connection, override_id: int, *, by: str, reason: str | None, now: datetime) -> None:
    """End an override; one that has ended already, or does not exist, is left as it is."""
    open_one = (overrides.c.id == override_id, overrides.c.ended_at.is_(None))
    connection.execute(update(overrides).where(*open_one).values(ended_at=now, ended_by=by, ended_reason=reason))
