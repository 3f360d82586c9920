"""Customers that meet a condition, in the order of a feature, a page at a time."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, not_, select

from kehu.reader.condition_sql import as_sql
from kehu.reader.conditions import Condition
from kehu.reader.customers import CUSTOMERS, Customer
from kehu.reader.keyset import Key, Page, Window, along, read_page
from kehu.reader.reach import reach_of
from kehu.reader.walks import sorted_sql
from kehu.tables.facts import customers
from kehu.tables.features import customer_features


@dataclass(frozen=True, slots=True)
class FeatureOrder:
    """By a slot that is indexed, see `kehu.model.served`; equals by customers' ids in the same direction.

    The direction is that of what is stored, which is the other one for what is counted back from a base.
    """

    slot: str
    descending: bool


def customers_by_feature(
    connection: Connection, condition: Condition, order: FeatureOrder, window: Window
) -> Page[Customer]:
    """The window of the customers that meet the condition; those of whom the value is unknown stand last.

    Keys are the stored value, None where it is unknown, and the customer's id.
    """
    parts = [_unknown, _known] if window.backward else [_known, _unknown]
    if window.beside is not None:
        # What lies on the other side of the row is not asked for.
        parts = parts[parts.index(_known if window.beside[0] is not None else _unknown) :]
    pages: list[Page[Customer]] = []
    rest = window
    for part in parts:
        pages.append(part(connection, condition, order, rest))
        if pages[-1].has_more:
            break
        rest = Window(rest.size - len(pages[-1].rows), backward=window.backward)
    in_order = pages[::-1] if window.backward else pages
    rows, keys = (row for page in in_order for row in page.rows), (key for page in in_order for key in page.keys)
    return Page(tuple(rows), tuple(keys), pages[-1].has_more)


def _known(connection: Connection, condition: Condition, order: FeatureOrder, window: Window) -> Page[Customer]:
    """Along the slot's index; near the window's place first, where that is expected to do."""
    value, whose = customer_features.c[order.slot], customer_features.c.customer_id
    keys = (Key(value, descending=order.descending), Key(whose, descending=order.descending))
    valued = along(select(whose, value).where(value.is_not(None)), keys, window)
    reach = reach_of(condition, window.size + 1)
    if reach is not None:
        page = _page(connection, valued.limit(reach), order, window, as_sql(condition, levels="probed"))
        if page.has_more:
            return page
    # Whole customers are read when no more than a page is left to sort.
    meeting = valued.join_from(customer_features, customers, customers.c.id == whose).where(
        sorted_sql(condition, window.size + 1)
    )
    return _page(connection, meeting.limit(window.size + 1), order, window)


def _page(
    connection: Connection, valued: Select[Any], order: FeatureOrder, window: Window, *meets: ColumnElement[bool]
) -> Page[Customer]:
    """The window's first of the customers whose ids and values these are, as far as they meet that."""
    there = valued.subquery()
    keys = [Key(there.c[name], descending=order.descending) for name in (order.slot, "customer_id")]
    joined = there.join(customers, customers.c.id == there.c.customer_id)
    wanted = select(*CUSTOMERS.columns).select_from(joined).where(*meets)
    return read_page(connection, wanted, keys, replace(window, beside=None), CUSTOMERS.build)


def _unknown(connection: Connection, condition: Condition, order: FeatureOrder, window: Window) -> Page[Customer]:
    is_known = customer_features.c[order.slot].is_not(None)
    known = exists().where(customer_features.c.customer_id == customers.c.id, is_known)
    wanted = CUSTOMERS.select().where(not_(known), as_sql(condition))
    beside = None if window.beside is None else window.beside[1:]
    keys = (Key(customers.c.id, descending=order.descending),)
    page = read_page(connection, wanted, keys, replace(window, beside=beside), CUSTOMERS.build)
    return replace(page, keys=tuple((None, *key) for key in page.keys))
