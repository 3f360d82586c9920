"""Customers and the shipments they pay for, counted in groups."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Subquery,
    Text,
    and_,
    cast,
    func,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from kehu.reader.condition_sql import as_sql
from kehu.reader.conditions import Condition, Every
from kehu.reader.keyset import ByteOrder
from kehu.reader.memberships import in_run
from kehu.tables.facts import customers, employees, shipments
from kehu.tables.runs import memberships

CustomerField = Literal[
    "level", "owner", "kind", "industry", "country", "region", "city", "first_seen_month", "last_seen_month"
]
ShipmentField = Literal["month", "service", "status", "origin", "destination", "item_category"]
Bound = Literal["eq", "lt", "lte", "gt", "gte"]
Keys = tuple[str | None, ...]

_MONTHS = {
    "first_seen_month": customers.c.first_seen_at,
    "last_seen_month": customers.c.last_seen_at,
    "month": shipments.c["at"],
}
MAX_GROUPS = 4
# One for each place in the groups, since several rule sets may be asked for at once.
_LEVELS = tuple(memberships.alias(f"level_{place}") for place in range(MAX_GROUPS))
_OF_SHIPMENTS = ("service", "status", "origin", "destination", "item_category")
_BOUNDS: dict[Bound, Callable[[Any, int], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Group:
    """What rows are grouped by. `ruleset` is the level's; an owner's value is the employee number.

    A level is by the published run, or by that of number `run`: of several that merged customers had, one of them.
    Of a flag each level is by itself: whoever is in several is counted in each.
    Customers are grouped by fields of customers only, shipments by those of their payers too; at most MAX_GROUPS.
    """

    field: CustomerField | ShipmentField
    ruleset: str = ""
    run: int | None = None
    is_flag: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an order of groups: by count, or by the first key, then the next; unknown keys last, or first."""

    by: Literal["count", "keys"]
    descending: bool = False
    unknown_first: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """At most `size` groups whose count keeps the bounds, in an order; ties by keys."""

    size: int
    order: tuple[Step, ...]
    bounds: tuple[tuple[Bound, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """One group: its values in the order of the groups, None for unknown or no level, and how many are in it."""

    keys: Keys
    count: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Shipments paid for in one currency; `revenue` in its minor units, None while no shipment tells any."""

    currency: str
    shipments: int
    revenue: int | None


class Month(FunctionElement[str]):
    """The month of an instant in UTC, as "2026-02"."""

    type = Text()
    inherit_cache = True


@compiles(Month)
def _month(element: Month, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC', 'YYYY-MM')"


@compiles(Month, "sqlite")
def _month_of_micros(element: Month, compiler: SQLCompiler, **options: Any) -> str:
    micros = compiler.process(element.clauses, **options)
    # Division cuts towards zero, months before 1970 begin below it.
    return f"strftime('%Y-%m', ({micros} - ({micros} < 0) * 999999) / 1000000, 'unixepoch')"


def group_customers(
    connection: Connection, condition: Condition, groups: tuple[Group, ...], ranking: Ranking
) -> tuple[Counted, ...]:
    """Customers that meet the condition, counted; everybody in one group without `groups`."""
    return _ranked(connection, customer_groups(condition, groups), len(groups), ranking)


def group_shipments(
    connection: Connection, condition: Condition, groups: tuple[Group, ...], ranking: Ranking
) -> tuple[Counted, ...]:
    """Shipments whose payer meets the condition, counted."""
    keys = _keys(groups)
    paid, wanted = _paid(condition, groups)
    counted = select(*keys, func.count().label("count")).select_from(paid).where(wanted)
    return _ranked(connection, counted.group_by(*keys).subquery(), len(groups), ranking)


def shipment_sums(
    connection: Connection, condition: Condition, groups: tuple[Group, ...]
) -> dict[Keys, tuple[Sum, ...]]:
    """By group, and within it by currency; a group that pays for no shipment is absent."""
    keys = _keys(groups)
    paid, wanted = _paid(condition, groups)
    columns = (shipments.c.currency, func.count(), func.sum(shipments.c.revenue))
    statement = select(*keys, *columns).select_from(paid).where(wanted).group_by(*keys, columns[0])
    sums: dict[Keys, tuple[Sum, ...]] = {}
    for *values, currency, count, revenue in connection.execute(statement.order_by(columns[0])):
        one = Sum(currency, count, None if revenue is None else int(revenue))
        sums[tuple(values)] = (*sums.get(tuple(values), ()), one)
    return sums


def _paid(condition: Condition, groups: Sequence[Group]) -> tuple[FromClause, ColumnElement[bool]]:
    """Shipments that somebody pays for, and what must hold; payers stand beside them where they matter."""
    if condition == Every() and all(group.field in (*_OF_SHIPMENTS, "month") for group in groups):
        return shipments, shipments.c.payer_id.is_not(None)
    return _joined(groups).join(shipments, shipments.c.payer_id == customers.c.id), as_sql(condition)


def customer_groups(condition: Condition, groups: tuple[Group, ...]) -> Subquery:
    """Columns key_0, key_1 … and count, one row a group."""
    if condition == Every() and len(groups) == 1 and groups[0] == Group("level", groups[0].ruleset):
        return _members(groups[0].ruleset)
    keys = _keys(groups)
    counted = select(*keys, func.count().label("count")).select_from(_joined(groups)).where(as_sql(condition))
    return counted.group_by(*keys).subquery()


def _members(ruleset: str) -> Subquery:
    """From the index of open memberships alone, without looking at one customer; those in no level are the rest."""
    is_open = and_(memberships.c.ruleset == ruleset, memberships.c.until_run_id.is_(None))
    level = memberships.c.level.label("key_0")
    inside = select(level, func.count().label("count")).where(is_open).group_by(level).cte("inside")
    everybody = select(func.count()).select_from(customers).scalar_subquery()
    # PostgreSQL adds whole numbers up to one of another kind.
    in_some = select(func.coalesce(cast(func.sum(inside.c.count), BigInteger), 0)).scalar_subquery()
    outside = select(type_coerce(null(), Text), everybody - in_some)
    return union_all(select(inside.c.key_0, inside.c.count), outside).subquery()


def _ranked(connection: Connection, counted: Subquery, width: int, ranking: Ranking) -> tuple[Counted, ...]:
    keys = [counted.c[f"key_{place}"] for place in range(width)]
    bounds = [_BOUNDS[name](counted.c.count, value) for name, value in ranking.bounds]
    statement = select(*keys, counted.c.count).where(counted.c.count > 0, *bounds)
    rows = connection.execute(statement.order_by(*_order(keys, counted, ranking)).limit(ranking.size))
    return tuple(Counted(tuple(values), count) for *values, count in rows)


def _order(keys: Sequence[ColumnElement[Any]], counted: Subquery, ranking: Ranking) -> list[ColumnElement[Any]]:
    steps = [*ranking.order, Step("keys")]
    return [each for step in steps for each in _directed(step, keys if step.by == "keys" else [counted.c.count])]


def _directed(step: Step, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    compared = [ByteOrder(column) if step.by == "keys" else column for column in columns]
    directed = [column.desc() if step.descending else column.asc() for column in compared]
    return [column.nulls_first() if step.unknown_first else column.nulls_last() for column in directed]


def _keys(groups: Sequence[Group]) -> list[ColumnElement[Any]]:
    return [_key(group, place).label(f"key_{place}") for place, group in enumerate(groups)]


def _key(group: Group, place: int) -> ColumnElement[Any]:
    if group.field == "level":
        return _LEVELS[place].c.level
    if group.field == "owner":
        return employees.c.number
    if group.field in _MONTHS:
        return Month(_MONTHS[group.field])
    return shipments.c[group.field] if group.field in _OF_SHIPMENTS else customers.c[group.field]


def _is_level(group: Group, level: FromClause) -> ColumnElement[bool]:
    if group.run is None:
        is_open = and_(level.c.customer_id == customers.c.id, level.c.until_run_id.is_(None))
        return and_(is_open, level.c.ruleset == group.ruleset)
    of_customer = (memberships.c.customer_id == customers.c.id, memberships.c.ruleset == group.ruleset)
    # Who was merged since brought levels of its own along, and nobody shall be counted twice.
    first = select(func.min(memberships.c.id)).where(*of_customer, in_run(group.run)).correlate(customers)
    if not group.is_flag:
        return level.c.id == first.scalar_subquery()
    of_level = first.where(memberships.c.level == level.c.level).correlate(customers, level)
    return and_(level.c.customer_id == customers.c.id, level.c.id == of_level.scalar_subquery())


def _joined(groups: Sequence[Group]) -> FromClause:
    source: FromClause = customers
    for place, group in enumerate(groups):
        if group.field == "level":
            source = source.outerjoin(_LEVELS[place], _is_level(group, _LEVELS[place]))
        elif group.field == "owner":
            source = source.outerjoin(employees, employees.c.id == customers.c.owner_id)
    return source
