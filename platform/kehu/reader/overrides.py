"""What people decided against the rules, whether it still counts or not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from kehu.reader.columns import mapped
from kehu.tables.facts import customers
from kehu.tables.overrides import overrides


@dataclass(frozen=True, slots=True)
class Override:
    """A customer put into a level or kept out of it, or a warning muted, over [`starts_at`, `expires_at`).

    None is without that edge. `code` is the level or warning, `effect` 'include' or 'exclude'.
    """

    id: int
    customer_id: int
    ruleset: str
    code: str
    effect: str
    reason: str
    author: str
    created_at: datetime
    starts_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None

    def counts(self, as_of: datetime) -> bool:
        """Whether nobody ended it and its interval holds the instant."""
        begun = self.starts_at is None or self.starts_at <= as_of
        return self.ended_at is None and begun and (self.expires_at is None or as_of < self.expires_at)


@dataclass(frozen=True, slots=True)
class NamedOverride:
    """An override with its customer's uid and name."""

    uid: str
    name: str
    override: Override


_OVERRIDES = mapped(Override, overrides)


def overrides_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Override]:
    """Unknown ids are absent."""
    return _OVERRIDES.by(connection, overrides.c.id, ids)


def overrides_of(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[Override, ...]]:
    """Every override of each customer, ended ones too, the oldest first; customers without any are absent."""
    statement = _OVERRIDES.select().where(overrides.c.customer_id.in_(customer_ids)).order_by(overrides.c.id)
    found: dict[int, tuple[Override, ...]] = {}
    for row in connection.execute(statement):
        override = _OVERRIDES.build(row)
        found[override.customer_id] = (*found.get(override.customer_id, ()), override)
    return found


def all_overrides(connection: Connection, *, with_ended: bool) -> tuple[NamedOverride, ...]:
    """Everybody's, the oldest first."""
    joined = overrides.join(customers, customers.c.id == overrides.c.customer_id)
    columns = (customers.c.uid, customers.c.name, *_OVERRIDES.columns)
    statement = select(*columns).select_from(joined).order_by(overrides.c.id)
    wanted = statement if with_ended else statement.where(overrides.c.ended_at.is_(None))
    return tuple(NamedOverride(uid, name, _OVERRIDES.build(row)) for uid, name, *row in connection.execute(wanted))
