"""Customers by their ids."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from kehu.reader.columns import mapped
from kehu.tables.facts import customer_aliases, customers


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer's golden values; every value but uid, kind and name may be unknown."""

    id: int
    uid: str
    kind: str
    name: str
    industry: str | None
    country: str | None
    region: str | None
    city: str | None
    address: str | None
    phone: str | None
    email: str | None
    tax_code: str | None
    consent: bool | None
    owner_id: int | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None


CUSTOMERS = mapped(Customer, customers)


def customers_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Customer]:
    """Unknown ids are absent."""
    return CUSTOMERS.by(connection, customers.c.id, ids)


def customers_by_uid(connection: Connection, uids: Collection[str]) -> dict[str, Customer]:
    """Customers under the uids asked for, also under a uid a customer once had; unknown ones are absent."""
    found = CUSTOMERS.by(connection, customers.c.uid, uids)
    missing = [uid for uid in uids if uid not in found]
    if not missing:
        return found
    renamed = select(customer_aliases.c.uid, *CUSTOMERS.columns).join_from(
        customer_aliases, customers, customer_aliases.c.customer_id == customers.c.id
    )
    rows = connection.execute(renamed.where(customer_aliases.c.uid.in_(missing)))
    return found | {uid: CUSTOMERS.build(row) for uid, *row in rows}
