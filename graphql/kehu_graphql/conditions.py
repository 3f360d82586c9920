"""Clients' filters made into the reader's conditions, with every code checked."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from kehu.reader.conditions import (
    ByFeature,
    Column,
    Compare,
    Comparison,
    Condition,
    CustomerField,
    Every,
    HasSome,
    HasWarning,
    InLevel,
    Not,
    Operand,
    Relation,
    Single,
    Some,
    Text,
)
from kehu.reader.definitions import RuleSet, published_rule_sets
from kehu.reader.reach import about
from kehu_graphql.context import Context
from kehu_graphql.failures import ExpectedError
from kehu_graphql.instants import utc
from kehu_graphql.published import known_level, rule_set_in_run, run_that_counted
from kehu_graphql.served import known_feature, operand
from kehu_graphql.types.filters import BigIntFilter, BooleanFilter, InstantFilter, StringFilter
from kehu_graphql.types.where import CustomerWhere, FeatureWhere, LevelWhere

MAX_DEPTH = 5
MAX_LEAVES = 50
MAX_TEXT = 500
MAX_VALUES = 1_000
MAX_NUMBER = 2**63 - 1

Filter = StringFilter | InstantFilter | BigIntFilter | BooleanFilter
# Where a client's word is not the column's.
_COLUMN_NAMES = {
    "revenue_minor": "revenue",
    "cost_minor": "cost",
    "compensation_minor": "compensation",
    "handler_number": "handler",
    "staff_number": "staff",
    "rule_set": "ruleset",
    "code": "warning",
}


async def customer_condition(context: Context, where: CustomerWhere | None) -> Condition:
    """The condition a client wrote; ExpectedError for null, unknown codes, and too deep or too many parts."""
    if where is None:
        return Every()
    condition = await _every(context, where, "where", 1)
    leaves = _leaves(condition)
    if leaves > MAX_LEAVES:
        raise ExpectedError(f"'where' has {leaves} comparisons; at most {MAX_LEAVES} are taken")
    return condition


async def _every(context: Context, where: CustomerWhere, path: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise ExpectedError(f"'{path}' is nested {depth} levels deep; at most {MAX_DEPTH} are taken")
    return Every(tuple([await _part(context, name, value, path, depth) for name, value in _given(where, path)]))


async def _part(context: Context, name: str, value: Any, path: str, depth: int) -> Condition:
    here = _path(path, name)
    match name:
        case "and_" | "or_":
            parts = tuple([await _every(context, part, here, depth + 1) for part in value])
            return Every(parts) if name == "and_" else Some(parts)
        case "not_":
            return Not(await _every(context, value, here, depth + 1))
        case "text":
            if len(value) > MAX_TEXT:
                raise ExpectedError(f"'{here}' has {len(value):,} characters; no name has more than {MAX_TEXT}")
            return Text(_text(value, here))
        case "has_warning":
            return HasWarning() if value else Not(HasWarning())
        case "level" | "feature":
            return await (_in_level if name == "level" else _by_feature)(context, value, here)
        case "owner":
            return Every(tuple(_comparisons("owner", part, here) for _, part in _given(value, here)))
        case "shipments" | "complaints" | "visits" | "contacts" | "warnings":
            return _related(name, value, here)
        case _:
            return _comparisons(cast("CustomerField", name), value, here)


def _comparisons(field: CustomerField, given: Filter, path: str) -> Condition:
    parts = []
    for name, value in _given(given, path):
        comparison = cast("Comparison", name.rstrip("_"))
        parts.append(Compare(field, comparison, _operand(value, _path(path, name))))
    return Every(tuple(parts))


def _related(relation: Relation, where: Any, path: str) -> Condition:
    given = dict(_given(where, path))
    role = given.pop("role", None)
    if role is not None and not given:
        raise ExpectedError(f"'{_path(path, 'role')}' says of which rows; write some or none beside it")
    found: HasSome = HasSome(relation) if role is None else HasSome(relation, role=role.value)
    return Every(tuple(_has_some(found, kind, row, path) for kind, row in given.items()))


def _has_some(related: HasSome, quantifier: str, row: Any, path: str) -> Condition:
    here = _path(path, quantifier)
    columns = [column for name, given in _given(row, here) for column in _columns(name, given, _path(here, name))]
    found = replace(related, parts=tuple(columns))
    return Not(found) if quantifier == "none" else found


def _columns(name: str, given: Any, path: str) -> list[Column]:
    if name == "route":
        return [Column("route", "lists", _text(given, path))]
    if name == "is_open":
        return [Column("cleared_run_id", "is_null", given)]
    return [
        Column(
            _COLUMN_NAMES.get(name, name),
            cast("Comparison", comparison.rstrip("_")),
            _operand(value, _path(path, comparison)),
        )
        for comparison, value in _given(given, path)
    ]


def _operand(value: Any, path: str) -> Operand:
    if isinstance(value, list):
        return tuple(_single(each, path) for each in _values(value, path))
    return _single(value, path)


def _single(value: Any, path: str) -> Single:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, datetime):
        return utc(value, path)
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise ExpectedError(f"'{path}: {value}' is out of range; {MAX_NUMBER} is the limit")
    single: Single = value
    return single


def _text(value: str, path: str) -> str:
    # SQLite would look for what stands before it.
    if "\0" in value:
        raise ExpectedError(f"'{path}' holds the character NUL, which no text has; leave it out")
    return value


def _values(given: list[Any], path: str) -> tuple[Any, ...]:
    if len(given) > MAX_VALUES:
        raise ExpectedError(f"'{path}' has {len(given):,} values; at most {MAX_VALUES:,} are taken")
    return tuple(given)


async def _in_level(context: Context, where: LevelWhere, path: str) -> Condition:
    given = dict(_given(where, path))
    run = await run_that_counted(context, utc(where.as_of, _path(path, "as_of")) if where.as_of else None)
    rule_set = await rule_set_in_run(context, where.rule_set, run)
    among = await _counted(context) if run is None else 0

    def inside(codes: tuple[str, ...]) -> InLevel:
        members = sum(level.members or 0 for level in rule_set.levels if level.code in codes)
        return InLevel(rule_set.code, codes, run, about(members) if among else 0, among)

    parts: list[Condition] = []
    for name, value in _given(given["code"], _path(path, "code")) if "code" in given else ():
        here = _path(_path(path, "code"), name)
        codes = _values(value, here) if isinstance(value, list) else (value,)
        parts.append(_level_part(rule_set, inside, name, codes))
    return Every(tuple(parts)) if parts else inside(_codes(rule_set))


async def _counted(context: Context) -> int:
    """About how many customers the published run saw: tiers have a level for nearly everybody."""
    published = await context.reads.once(published_rule_sets)
    tiers = [each.levels for each in published.values() if each.kind == "tier"]
    return about(max((sum(level.members or 0 for level in levels) for levels in tiers), default=0))


def _codes(rule_set: RuleSet) -> tuple[str, ...]:
    return tuple(level.code for level in rule_set.levels)


def _level_part(
    rule_set: RuleSet, inside: Callable[[tuple[str, ...]], InLevel], name: str, values: tuple[Any, ...]
) -> Condition:
    if name == "is_null":
        anywhere = inside(_codes(rule_set))
        return Not(anywhere) if values[0] else anywhere
    if name in {"contains", "starts_with"}:
        (part,) = values
        holds = str.startswith if name == "starts_with" else str.__contains__
        return inside(tuple(code for code in _codes(rule_set) if holds(code, part)))
    wanted = inside(tuple(known_level(rule_set, code).code for code in values))
    return Not(wanted) if name in {"ne", "not_in"} else wanted


async def _by_feature(context: Context, where: FeatureWhere, path: str) -> Condition:
    feature = await known_feature(context, where.code)
    parts: list[Condition] = []
    for name, value in _given(where, path, skip="code"):
        comparison, here = cast("Comparison", name.rstrip("_")), _path(path, name)
        stored: Any = value
        if name in {"in_", "not_in"}:
            stored = tuple(operand(feature, comparison, each, here) for each in _values(value, here))
        elif comparison != "is_null":
            stored = operand(feature, comparison, value, here)
        counted_back = feature.base is not None
        parts.append(ByFeature(feature.code, feature.slot, comparison, stored, counted_back))
    if not parts:
        raise ExpectedError(f"'{path}' compares '{feature.code}' with nothing; give eq, gte, … or isNull")
    return Every(tuple(parts))


def _given(where: Any, path: str, *, skip: str = "") -> Iterator[tuple[str, Any]]:
    """The fields a client wrote; null is no value, since it could mean unknown or left out."""
    for field in fields(where):
        value = getattr(where, field.name)
        if value is strawberry.UNSET or field.name == skip:
            continue
        if value is None:
            raise ExpectedError(f"'{_path(path, field.name)}' is null; leave it out, or ask for isNull")
        yield field.name, value


def _path(path: str, name: str) -> str:
    return f"{path}.{to_camel_case(name.rstrip('_'))}"


def _leaves(condition: Condition) -> int:
    match condition:
        case Every(parts) | Some(parts):
            # An empty group is a part of the statement, too.
            return sum(map(_leaves, parts)) or 1
        case Not(part):
            return _leaves(part)
        case HasSome(_, columns):
            return max(len(columns), 1)
        case _:
            return 1
