"""Conditions with their values taken out, so that one statement serves all conditions of a form."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Float, String, bindparam

from kehu.reader.conditions import ByFeature, Compare, Condition, Every, HasSome, InLevel, Not, Operand, Some
from kehu.tables.columns import Instant


@dataclass(frozen=True, slots=True)
class Form:
    """A condition's form, equal for conditions that one statement serves, and the values taken out of it in order."""

    form: Condition
    values: tuple[Any, ...]


def taken_apart(condition: Condition) -> Form:
    """Values of comparisons are taken out; those of other conditions stay, since they decide what is asked."""
    values: list[Any] = []
    form = _each(condition, lambda value: _kind(values, value))
    return Form(form, tuple(values))


def is_lasting(condition: Condition) -> bool:
    """Whether a condition's words mean the same whatever is published: it names no level and no feature."""
    match condition:
        case Every(parts) | Some(parts):
            return all(map(is_lasting, parts))
        case Not(part):
            return is_lasting(part)
        case _:
            return not isinstance(condition, InLevel | ByFeature)


def with_parameters(form: Condition, prefix: str) -> Condition:
    """The condition of a form with parameters named `prefix` and a number, in the order of the values."""
    numbers: Iterator[int] = iter(range(10**6))
    return _each(form, lambda kind: bindparam(f"{prefix}{next(numbers)}", None, type_=_TYPES[kind]()))


_TYPES: dict[Any, type[Any]] = {"text": String, "number": BigInteger, "real": Float, "instant": Instant}
_KINDS: dict[type, str] = {str: "text", int: "number", float: "real", datetime: "instant"}


def _kind(values: list[Any], value: Any) -> str:
    values.append(value)
    return _KINDS[type(value)]


def _each(condition: Condition, changed: Any) -> Condition:
    match condition:
        case Every(parts):
            return Every(tuple(_each(part, changed) for part in parts))
        case Some(parts):
            return Some(tuple(_each(part, changed) for part in parts))
        case Not(part):
            return Not(_each(part, changed))
        case Compare() | ByFeature():
            return replace(condition, value=_operand(condition.value, changed))
        case HasSome(_, columns):
            changed_columns = tuple(replace(one, value=_operand(one.value, changed)) for one in columns)
            return replace(condition, parts=changed_columns)
        case _:
            return condition


def _operand(value: Operand, changed: Any) -> Operand:
    if isinstance(value, bool):
        return value
    return cast("Operand", tuple(map(changed, value)) if isinstance(value, tuple) else changed(value))
