"""What a list of customers is narrowed to: words of a condition, and the SQL they mean."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_never

import polars as pl
from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
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
from sqlalchemy import Text as PlainText
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from kehu.identity.names import letters_alone, search_text
from kehu.tables.facts import complaints, contacts, customers, employees, shipments, visits
from kehu.tables.features import customer_features, served_features
from kehu.tables.runs import memberships, warnings

Comparison = Literal[
    "eq", "ne", "in", "not_in", "is_null", "lt", "lte", "gt", "gte", "contains", "starts_with", "lists"
]
CustomerField = Literal[
    "uid", "kind", "name", "industry", "country", "region", "city", "consent", "owner", "first_seen_at", "last_seen_at"
]
Relation = Literal["shipments", "complaints", "visits", "contacts", "warnings"]
# What a customer is in a shipment.
Role = Literal["any", "shipper", "consignee", "payer"]
Single = str | bool | int | float | datetime
Operand = Single | tuple[Single, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A field of the customer against a value; `owner` is the account manager's employee number.

    An unknown value is unlike any other: `ne` and `not_in` hold for it, the other comparisons do not.
    """

    field: CustomerField
    comparison: Comparison
    value: Operand


@dataclass(frozen=True, slots=True)
class InLevel:
    """The customer is in one of these levels of the rule set, by a run: the published one without its number."""

    ruleset: str
    levels: tuple[str, ...]
    run: int | None = None


@dataclass(frozen=True, slots=True)
class ByFeature:
    """A served feature against a value as stored in its slot; unknown values as in Compare.

    One that is `counted_back` is stored as its base less the value, see `kehu.tables.features`; the value to compare
    with is the feature's own.
    """

    code: str
    slot: str
    comparison: Comparison
    value: Operand
    counted_back: bool = False


@dataclass(frozen=True, slots=True)
class HasWarning:
    """Some warning of the customer is open."""


@dataclass(frozen=True, slots=True)
class Text:
    """The name contains the text, in any case, width or Chinese script, or is spelt so in pinyin or its initials."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation's table against a value; unknown values as in Compare.

    `lists` is of JSON lists of plain codes: the code is one of them.
    """

    name: str
    comparison: Comparison
    value: Operand


@dataclass(frozen=True, slots=True)
class HasSome:
    """Some row of the relation meets all parts; a shipment counts for each of its three parties, or for one alone."""

    relation: Relation
    parts: tuple[Column, ...] = ()
    role: Role = "any"


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold; true without parts."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds; false without parts."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Compare | InLevel | ByFeature | HasWarning | HasSome | Text | Every | Some | Not

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


def as_sql(condition: Condition) -> ColumnElement[bool]:
    """Over the table of customers; true or false for each, never unknown."""
    match condition:
        case Compare() | ByFeature():
            return _compare(condition)
        case InLevel():
            return _in_level(condition)
        case HasWarning():
            return exists().where(warnings.c.customer_id == customers.c.id, warnings.c.cleared_run_id.is_(None))
        case HasSome(relation, parts, role):
            # One look-up a party, since no index has all three.
            return or_(*(_has_some(owner, parts) for owner in _owners(relation, role)))
        case Text(text):
            return _named(text)
        case Every(parts):
            return and_(true(), *map(as_sql, parts))
        case Some(parts):
            return or_(false(), *map(as_sql, parts))
        case Not(part):
            return not_(as_sql(part))
        case _:
            assert_never(condition)


def _compare(condition: Compare | ByFeature) -> ColumnElement[bool]:
    if isinstance(condition, ByFeature):
        return _by_feature(condition)
    if condition.field == "owner":
        return _owned(condition.comparison, condition.value)
    return _compare_column(customers.c[condition.field], condition.comparison, condition.value)


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


def _in_level(condition: InLevel) -> ColumnElement[bool]:
    inside = (memberships.c.ruleset == condition.ruleset, memberships.c.level.in_(condition.levels))
    members = select(memberships.c.customer_id).where(*inside)
    still = members.where(memberships.c.until_run_id.is_(None))
    if condition.run is None:
        return customers.c.id.in_(still)
    # Open and ended ones apart, since each have an index of their own.
    begun = memberships.c.from_run_id <= condition.run
    ended = members.where(begun, memberships.c.until_run_id > condition.run)
    return customers.c.id.in_(union_all(still.where(begun), ended))


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
