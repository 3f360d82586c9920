"""One value out of two: `??`, the ternary, and the larger or smaller of several."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl

from kehu.rules.columns import Column, lit, when
from kehu.rules.comparisons import ordered
from kehu.rules.numbers import NUMERIC, aligned, arithmetic, as_float, integers, literal_number, quotient
from kehu.rules.values import FALSE, Refused, Value, either, errors_of, truthy

_CHOOSE = "choose between what is asked of them, agreed ? x in a : x in b"


def coalesced(left: Value, right: Value) -> Value:
    """`left ?? right`: the right side, with its errors, only where the left is null."""
    if left.kind == "null":
        return right
    if left.null is None:
        _must_match(left, right, "the sides of '??'")
        return left
    chosen = picked(~left.null, left, right, "the sides of '??'")
    null = None if right.kind != "null" and right.null is None else left.null & truth_of(right.null)
    lazy = None if right.error is None else left.null & right.error
    left, right = common(left, right, "the sides of '??'")
    constant = right.literal is not None and left.column is left.expr
    filled = (chosen.expr, left.expr, right.expr) if constant else None
    return replace(chosen, null=null, error=either(left.error, lazy), filled=filled)


def chosen_by(condition: Value, left: Value, right: Value) -> Value:
    """`condition ? left : right`; only the chosen side can raise."""
    truth = truthy(condition)
    result = picked(truth, left, right, "the sides of '?:'")
    null = None
    if left.null is not None or right.null is not None or "null" in {left.kind, right.kind}:
        null = when(truth).then(_missing(left)).otherwise(_missing(right))
    lazy = either(
        None if left.error is None else truth & left.error,
        None if right.error is None else ~truth & right.error,
    )
    return replace(result, null=null, error=either(condition.error, lazy))


def picked(truth: Column, left: Value, right: Value, role: str) -> Value:
    """The left value where true, in the type both share; nulls and errors are the caller's."""
    left, right = common(left, right, role)
    if left.kind == "null":
        return left
    expr = when(truth).then(left.expr).otherwise(right.expr)
    divisor = None
    if left.divisor is not None and right.divisor is not None:
        under = integers(max(left.divisor.bound, right.divisor.bound), left.divisor.expr, right.divisor.expr)
        divisor = Value(
            "number",
            when(truth).then(under[0]).otherwise(under[1]),
            bound=max(left.divisor.bound, right.divisor.bound),
        )
    return Value(
        left.kind,
        expr,
        scale=left.scale,
        bound=max(left.bound, right.bound),
        divisor=divisor,
        approximate=left.approximate or right.approximate,
        words=_shared_words(left, right),
    )


def common(left: Value, right: Value, role: str) -> tuple[Value, Value]:
    """Both values in one kind, scale and integer type. Refuses types that differ."""
    _must_match(left, right, role)
    if left.kind == "null" or right.kind == "null":
        blank = replace(right if left.kind == "null" else left, words=(), literal=None)
        return (
            (replace(blank, expr=_nothing(blank)), right)
            if left.kind == "null"
            else (left, replace(blank, expr=_nothing(blank)))
        )
    if left.kind == right.kind == "number":
        return aligned(left, right)
    if "float" in {left.kind, right.kind}:
        return as_float(left), as_float(right)
    if "quotient" in {left.kind, right.kind}:
        one, two = quotient(left), quotient(right)
        first, second = integers(max(one.bound, two.bound), one.expr, two.expr)
        return replace(one, expr=first), replace(two, expr=second)
    return left, right


def extreme(operator: str, members: tuple[Value, ...]) -> Value:
    """The largest (`gt`) or smallest (`lt`) of numbers."""
    result, *others = members
    for member in others:
        better = ordered(operator, member, result)
        chosen = picked(better.expr, member, result, "the members of the list")
        result = replace(chosen, approximate=chosen.approximate or better.approximate)
    return replace(result, error=errors_of(*members), literal=None if others else result.literal)


def total(members: tuple[Value, ...]) -> Value:
    """The sum of numbers; 0 of none."""
    result = literal_number(Decimal(0))
    for member in members:
        result = arithmetic("add", result, member)
    return result


def _missing(value: Value) -> Column:
    return lit(value=True) if value.kind == "null" else truth_of(value.null)


def truth_of(condition: Column | None) -> Column:
    """The condition, or false where it can never hold."""
    return FALSE if condition is None else condition


def _must_match(left: Value, right: Value, role: str) -> None:
    kinds: set[Any] = {left.kind, right.kind} - {"null"}
    if kinds & {"list", "function"}:
        raise Refused("unsupported", f"{role} cannot be lists or functions", _CHOOSE)
    if len(kinds) > 1 and not kinds <= set(NUMERIC):
        raise Refused("type-mismatch", f"{role} differ: {left.noun}, {right.noun}", "give both one type")


def _nothing(like: Value) -> Column:
    return lit(None, dtype=pl.Int64) if like.kind in {"number", "quotient", "instant", "duration"} else lit(None)


def _shared_words(left: Value, right: Value) -> tuple[str, ...]:
    options = [value.words or ((value.literal,) if isinstance(value.literal, str) else ()) for value in (left, right)]
    if left.kind != "string" or not all(options):
        return ()
    return tuple(dict.fromkeys([*options[0], *options[1]]))
