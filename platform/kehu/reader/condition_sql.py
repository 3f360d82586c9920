"""Conditions on customers as SQL over their table."""

import operator
from collections.abc import Callable
from typing import Any, Literal, assert_never

import polars as pl
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Text as PlainText
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from kehu.identity.names import letters_alone, search_text
from kehu.reader.conditions import (
    ByFeature,
    Column,
    Compare,
    Comparison,
    Condition,
    Every,
    HasSome,
    HasWarning,
    InLevel,
    Not,
    Operand,
    Relation,
    Role,
    Some,
    Text,
)
from kehu.reader.keyset import ByteOrder
from kehu.tables.facts import complaints, contacts, customers, employees, shipments, visits
from kehu.tables.features import customer_features, served_features
from kehu.tables.runs import memberships, warnings

Levels = Literal["joined", "probed", "listed"]
_RELATIONS: dict[Relation, tuple[SqlColumn[int], ...]] = {
    "shipments": (shipments.c.shipper_id, shipments.c.consignee_id, shipments.c.payer_id),
    "complaints": (complaints.c.customer_id,),
    "visits": (visits.c.customer_id,),
    "contacts": (contacts.c.customer_id,),
    "warnings": (warnings.c.customer_id,),
}


class Position(FunctionElement[int]):
    """Where the second text begins in the first, letter for letter, from 1; 0 for nowhere."""

    type = Integer()
    inherit_cache = True


@compiles(Position)
def _strpos(element: Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(Position, "sqlite")
def _instr(element: Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


def as_sql(condition: Condition, *, levels: Levels = "joined") -> ColumnElement[bool]:
    """Over the table of customers; true or false for each, never unknown.

    What is in levels is `joined` as the database sees fit; `probed` for each customer, of whom there are few; or
    `listed` before all else, as there are few members.
    """
    match condition:
        case Compare() | ByFeature():
            return _compare(condition)
        case InLevel():
            return _in_level(condition, levels)
        case HasWarning():
            return exists().where(warnings.c.customer_id == customers.c.id, warnings.c.cleared_run_id.is_(None))
        case HasSome(relation, parts, role):
            # One look-up a party, since no index has all three.
            return or_(*(_has_some(owner, parts) for owner in _owners(relation, role)))
        case Text(text):
            return _named(text)
        case Every(parts):
            return and_(true(), *(as_sql(part, levels=levels) for part in parts))
        case Some(parts):
            return or_(false(), *(as_sql(part, levels=levels) for part in parts))
        case Not(part):
            return not_(as_sql(part, levels=levels))
        case _:
            assert_never(condition)


def _compare(condition: Compare | ByFeature) -> ColumnElement[bool]:
    if isinstance(condition, ByFeature):
        return _by_feature(condition)
    if condition.field == "owner":
        return _owned(condition.comparison, condition.value)
    # The index of names compares their bytes.
    column = ByteOrder(customers.c.name) if condition.field == "name" else customers.c[condition.field]
    return _compare_column(column, condition.comparison, condition.value)


def _compare_column(column: ColumnElement[Any], comparison: Comparison, value: Operand) -> ColumnElement[bool]:
    match comparison, value:
        case "ne", _:
            return or_(column.is_(None), column != value)
        case "in", tuple():
            return and_(column.is_not(None), column.in_(value))
        case "not_in", tuple():
            return or_(column.is_(None), column.not_in(value))
        case "is_null", bool():
            return column.is_(None) if value else column.is_not(None)
        case _ if comparison in _HOLDS and not isinstance(value, tuple):
            holds: ColumnElement[bool] = _HOLDS[comparison](column, value)
            return and_(column.is_not(None), holds)
        case _:
            raise TypeError(f"'{comparison}' does not take '{value}'")


def _contains(column: ColumnElement[Any], part: Any) -> ColumnElement[bool]:
    return Position(column, part) > 0


def _starts_with(column: ColumnElement[Any], start: Any) -> ColumnElement[bool]:
    begins: ColumnElement[bool] = func.substr(column, 1, func.length(start)) == start
    return begins


def _lists(column: ColumnElement[Any], code: Any) -> ColumnElement[bool]:
    """A code stands in the text of a JSON list between quotes."""
    return Position(cast(column, PlainText), literal('"').concat(code).concat('"')) > 0


_HOLDS: dict[Comparison, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "contains": _contains,
    "starts_with": _starts_with,
    "lists": _lists,
}


def _owned(comparison: Comparison, value: Operand) -> ColumnElement[bool]:
    """By employee number; customers without an owner are unlike any number."""
    if comparison == "is_null":
        return _compare_column(customers.c.owner_id, comparison, value)
    positive: Comparison = "eq" if comparison == "ne" else "in" if comparison == "not_in" else comparison
    matching = select(employees.c.id).where(_compare_column(employees.c.number, positive, value))
    if positive == comparison:
        return and_(customers.c.owner_id.is_not(None), customers.c.owner_id.in_(matching))
    return or_(customers.c.owner_id.is_(None), customers.c.owner_id.not_in(matching))


def _owners(relation: Relation, role: Role) -> tuple[SqlColumn[int], ...]:
    return _RELATIONS[relation] if role == "any" else (shipments.c[f"{role}_id"],)


def _has_some(owner: SqlColumn[int], parts: tuple[Column, ...]) -> ColumnElement[bool]:
    columns = owner.table.c
    meets = (_compare_column(columns[part.name], part.comparison, part.value) for part in parts)
    # Shipments in groups are read beside their payers.
    return exists().where(owner == customers.c.id, *meets).correlate(customers)


def _in_level(condition: InLevel, levels: Levels) -> ColumnElement[bool]:
    inside = (memberships.c.ruleset == _written(condition.ruleset), memberships.c.level.in_(_written(condition.levels)))
    members = select(memberships.c.customer_id).where(*inside)
    still = members.where(memberships.c.until_run_id.is_(None))
    if condition.run is None:
        own = still.where(memberships.c.customer_id == customers.c.id).correlate(customers)
        # PostgreSQL takes a subquery with an offset as it is.
        if levels == "probed":
            return own.offset(0).exists()
        return customers.c.id.in_(still.offset(0) if levels == "listed" else still)
    # Open and ended ones apart, since each have an index of their own.
    begun = memberships.c.from_run_id <= condition.run
    ended = members.where(begun, memberships.c.until_run_id > condition.run)
    return customers.c.id.in_(union_all(still.where(begun), ended))


def _written(codes: Any) -> BindParameter[Any]:
    """In the statement itself: PostgreSQL then knows how many are in such a level."""
    return bindparam(None, codes, unique=True, expanding=isinstance(codes, tuple), literal_execute=True)


def _by_feature(condition: ByFeature) -> ColumnElement[bool]:
    """Whoever has no row is unknown."""
    value: ColumnElement[Any] = customer_features.c[condition.slot]
    if condition.counted_back:
        # Read with the values: a base of another run would be days off.
        base = select(served_features.c.base).where(served_features.c.code == condition.code)
        value = base.scalar_subquery() - value
    # A list that is ordered by a feature reads that table, too.
    theirs = exists().where(customer_features.c.customer_id == customers.c.id).correlate(customers)
    match condition.comparison, condition.value:
        case "is_null", bool(wanted):
            known = theirs.where(value.is_not(None))
            return not_(known) if wanted else known
        case ("ne" | "not_in") as negative, of:
            same: Comparison = "eq" if negative == "ne" else "in"
            return not_(theirs.where(_compare_column(value, same, of)))
        case comparison, of:
            return theirs.where(_compare_column(value, comparison, of))


def _named(text: str) -> ColumnElement[bool]:
    searched = search_text(pl.Series([text.strip()]))
    written = customers.c.name_search.contains(searched[0], autoescape=True)
    spelt: str = letters_alone(searched)[0]
    if not (spelt.isascii() and spelt.strip("0123456789")):
        return written
    pinyin = and_(customers.c.name_pinyin.is_not(None), customers.c.name_pinyin.contains(spelt, autoescape=True))
    return or_(written, pinyin)
