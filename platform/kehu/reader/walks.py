"""Pages of customers found along indexes, without sorting everybody who meets a condition."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, union_all

from kehu.reader.condition_sql import as_sql
from kehu.reader.conditions import Condition
from kehu.reader.keyset import Key, KeyValues, Window, along, ordering
from kehu.reader.reach import has_few, reach_of
from kehu.tables.facts import customers


def is_found_first(condition: Condition, keys: Sequence[Key], wanted: int) -> bool:
    """Whether a page's ids are better found by `page_ids` first: there is no one index to walk, or one to walk afar."""
    return keys[0].nullable or reach_of(condition, wanted) is not None


def sorted_sql(condition: Condition, wanted: int) -> ColumnElement[bool]:
    """The condition for reading so many in an order: members of a level that has few are sorted, whatever the order."""
    return as_sql(condition, levels="listed" if has_few(condition, wanted) else "joined")


def page_ids(condition: Condition, keys: Sequence[Key], window: Window) -> Select[tuple[int]]:
    """The ids of the window's customers and of one more, in no order.

    Where a condition is expected to hold for many, the page is looked for in the next part of the order; only where
    that has too few of them, all that meet it are sorted.
    """
    wanted = window.size + 1
    reach = reach_of(condition, wanted)
    if reach is None:
        return select(_along([sorted_sql(condition, wanted)], keys, window, wanted).subquery().c.id)
    walked = _parts([], keys, window, reach)[0].subquery()
    near = (
        select(customers.c.id)
        .join_from(walked, customers, walked.c.id == customers.c.id)
        .where(as_sql(condition, levels="probed"))
        .order_by(*ordering(keys, backward=window.backward))
        .limit(wanted)
        .cte("near")
    )
    found = select(func.count()).select_from(near).scalar_subquery()
    # A limit of nothing spares a database what a condition that never holds does not.
    rest = case((found < wanted, wanted), else_=0)
    others = _along([as_sql(condition)], keys, window, rest).subquery()
    both = union_all(select(near.c.id), select(others.c.id)).subquery()
    return select(both.c.id)


def _along(conditions: Sequence[ColumnElement[bool]], keys: Sequence[Key], window: Window, limit: Any) -> Select[Any]:
    """The first ids behind the window's place, in order."""
    parts = _parts(conditions, keys, window, limit)
    if len(parts) == 1:
        return parts[0]
    both = union_all(*(select(part.subquery().c.id) for part in parts)).subquery()
    order = ordering(keys, backward=window.backward)
    return select(customers.c.id).where(customers.c.id.in_(select(both.c.id))).order_by(*order).limit(limit)


def _parts(
    conditions: Sequence[ColumnElement[bool]], keys: Sequence[Key], window: Window, limit: Any
) -> list[Select[Any]]:
    """The same one behind the other: known and unknown values of the first key, which no index has in this order."""
    first, *others = keys
    if not first.nullable:
        return [_straight(conditions, keys, window, limit)]
    beside, ends_unknown = window.beside, first.leads_to_unknown(backward=window.backward)
    starts_unknown = not ends_unknown if beside is None else beside[0] is None

    def part(place: KeyValues | None, *, is_unknown: bool) -> Select[Any]:
        own = first.column.is_(None) if is_unknown else first.column.is_not(None)
        steps = others if is_unknown else (replace(first, nullable=False), *others)
        return _straight([*conditions, own], steps, replace(window, beside=place), limit)

    here = beside[1:] if beside is not None and starts_unknown else beside
    parts = [part(here, is_unknown=starts_unknown)]
    return parts if starts_unknown == ends_unknown else [*parts, part(None, is_unknown=ends_unknown)]


def _straight(
    conditions: Sequence[ColumnElement[bool]], keys: Sequence[Key], window: Window, limit: Any
) -> Select[Any]:
    return along(select(customers.c.id).where(*conditions), keys, window).limit(limit)
