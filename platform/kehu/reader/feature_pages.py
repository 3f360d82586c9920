"""Customers that meet a condition, in the order of a feature, a page at a time."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, exists, not_, select

from kehu.reader.conditions import Condition, as_sql
from kehu.reader.customers import CUSTOMERS, Customer
from kehu.reader.keyset import Key, Page, Window, read_page
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
    """Along the slot's index."""
    value, whose = customer_features.c[order.slot], customer_features.c.customer_id
    valued = customer_features.join(customers, customers.c.id == whose)
    wanted = select(*CUSTOMERS.columns).select_from(valued).where(value.is_not(None), as_sql(condition))
    keys = (Key(value, descending=order.descending), Key(whose, descending=order.descending))
    return read_page(connection, wanted, keys, window, CUSTOMERS.build)


def _unknown(connection: Connection, condition: Condition, order: FeatureOrder, window: Window) -> Page[Customer]:
    is_known = customer_features.c[order.slot].is_not(None)
    known = exists().where(customer_features.c.customer_id == customers.c.id, is_known)
    wanted = CUSTOMERS.select().where(not_(known), as_sql(condition))
    beside = None if window.beside is None else window.beside[1:]
    keys = (Key(customers.c.id, descending=order.descending),)
    page = read_page(connection, wanted, keys, replace(window, beside=beside), CUSTOMERS.build)
    return replace(page, keys=tuple((None, *key) for key in page.keys))
