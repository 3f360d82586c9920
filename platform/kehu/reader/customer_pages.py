"""Customers that meet a condition, in an order, a page at a time."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, select

from kehu.reader.condition_sql import as_sql
from kehu.reader.conditions import Condition, Every, InLevel, Some
from kehu.reader.customers import CUSTOMERS, Customer
from kehu.reader.keyset import ByteOrder, Key, Page, Window, read_page
from kehu.reader.walks import is_found_first, page_ids, sorted_sql
from kehu.store.counting import count_rows
from kehu.tables.facts import customers
from kehu.tables.runs import memberships

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
    keys = order_keys(order)
    if is_found_first(condition, keys, window.size + 1):
        found = CUSTOMERS.select().where(customers.c.id.in_(page_ids(condition, keys, window)))
        return read_page(connection, found, keys, replace(window, beside=None), CUSTOMERS.build)
    wanted = CUSTOMERS.select().where(sorted_sql(condition, window.size + 1))
    return read_page(connection, wanted, keys, window, CUSTOMERS.build)


def count_customers(connection: Connection, condition: Condition, *, up_to: int | None = None) -> int:
    """How many customers meet the condition; `up_to` stops counting there."""
    return count_rows(connection, _found(condition), up_to=up_to)


def counted(condition: Condition) -> Select[tuple[int]]:
    """How many customers meet the condition."""
    return _found(condition).with_only_columns(func.count(), maintain_column_froms=True)


def _found(condition: Condition) -> Select[Any]:
    """One row for each that meets the condition; those of one level have one row each there."""
    alone = _alone(condition)
    if isinstance(alone, InLevel) and alone.run is None and len(alone.levels) == 1:
        return select(memberships.c.customer_id).where(
            memberships.c.ruleset == alone.ruleset,
            memberships.c.level == alone.levels[0],
            memberships.c.until_run_id.is_(None),
        )
    return select(customers.c.id).where(as_sql(condition))


def _alone(condition: Condition) -> Condition:
    match condition:
        case Every((part,)) | Some((part,)):
            return _alone(part)
        case _:
            return condition


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
