"""Customers that meet a condition, in an order, a page at a time."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from kehu.reader.conditions import Condition, as_sql
from kehu.reader.customers import CUSTOMERS, Customer
from kehu.reader.keyset import ByteOrder, Key, Page, Window, read_page
from kehu.store.counting import count_rows
from kehu.tables.facts import customers

OrderField = Literal["name", "last_seen_at", "feature", "id"]


@dataclass(frozen=True, slots=True)
class Order:
    """One step of an order; names compare by their UTF-8 bytes, unknown instants stand last unless told otherwise.

    By a `feature`, which it names, customers are read by `kehu.reader.feature_pages`, those without it last.
    """

    field: OrderField
    descending: bool = False
    feature: str = ""
    unknown_first: bool = False


def customer_page(
    connection: Connection, condition: Condition, order: tuple[Order, ...], window: Window
) -> Page[Customer]:
    """The window of the customers that meet the condition; ties are broken by id."""
    wanted = CUSTOMERS.select().where(as_sql(condition))
    return read_page(connection, wanted, order_keys(order), window, CUSTOMERS.build)


def count_customers(connection: Connection, condition: Condition, *, up_to: int | None = None) -> int:
    """How many customers meet the condition; `up_to` stops counting there."""
    return count_rows(connection, select(customers.c.id).where(as_sql(condition)), up_to=up_to)


def order_keys(order: tuple[Order, ...]) -> tuple[Key, ...]:
    """What the order compares, the id last."""
    keys = [_key(step) for step in order]
    if all(step.field != "id" for step in order):
        keys.append(Key(customers.c.id))
    return tuple(keys)


def _key(step: Order) -> Key:
    if step.field == "name":
        return Key(ByteOrder(customers.c.name), descending=step.descending)
    column, nullable = customers.c[step.field], step.field == "last_seen_at"
    return Key(column, descending=step.descending, nullable=nullable, unknown_first=step.unknown_first)
