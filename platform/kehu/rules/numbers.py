"""Exact arithmetic on columns: scaled integers, quotients kept apart until compared, and floats."""

from dataclasses import replace
from decimal import Decimal

import polars as pl

from kehu.rules.columns import Column, lit, when
from kehu.rules.values import EXACT_MOST, INT64_MOST, Refused, Value, either, errors_of, known

_DOUBLE_MOST = 10**15 - 1  # every decimal of at most 15 digits has a double of its own
_POWERS = (1, 2, 3)
_LARGEST_EXPONENT = 40
NUMERIC = ("number", "float", "quotient")


def literal_number(value: Decimal) -> Value:
    """A constant with as few decimals as it needs. Refuses NaN, infinity and absurd exponents."""
    if not value.is_finite():
        raise Refused("not-finite", f"'{str(value).lower()}' is not a number a rule can compare with", "give a number")
    if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise Refused("too-many-digits", "the number is outside what amounts and counts can be", "give a nearer one")
    digits, scale = decimal_parts(value)
    return Value("number", whole(digits), scale=scale, bound=abs(digits), literal=value)


def decimal_parts(value: Decimal) -> tuple[int, int]:
    """(integer, scale) with value = integer / 10**scale and the least scale."""
    sign, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits)) or "0") * (-1 if sign else 1)
    scale = -int(exponent)
    while scale > 0 and number % 10 == 0:
        number, scale = number // 10, scale - 1
    return (number * 10**-scale, 0) if scale < 0 else (number, scale)


def whole(number: int) -> Column:
    """An integer constant in the narrowest type that holds it; beyond 128 bits the operation refuses its bound."""
    if abs(number) <= INT64_MOST:
        return lit(number, dtype=pl.Int64)
    return lit(number, dtype=pl.Int128) if abs(number) < 10**38 else lit(None, dtype=pl.Int128)


def integers(bound: int, *exprs: Column) -> tuple[Column, ...]:
    """The expressions in the integer type a result of that bound needs. Refuses what 28 digits cannot hold."""
    if bound > EXACT_MOST:
        raise Refused(
            "too-many-digits",
            f"the result may have {len(str(bound))} digits, more than the 28 that stay exact",
            "divide less precisely, or give the feature fewer digits",
        )
    return exprs if bound <= INT64_MOST else tuple(expr.cast(pl.Int128) for expr in exprs)


def rescaled(value: Value, scale: int) -> Value:
    """The number with at least its own scale's decimals."""
    factor = 10 ** (scale - value.scale)
    if factor == 1:
        return value
    bound = value.bound * factor
    if value.literal is not None and bound <= EXACT_MOST:
        number, least = decimal_parts(Decimal(value.literal))
        return replace(value, expr=whole(number * 10 ** (scale - least)), scale=scale, bound=bound)
    (expr,) = integers(bound, value.expr)
    return replace(value, expr=expr * whole(factor), scale=scale, bound=bound, literal=None)


def aligned(left: Value, right: Value) -> tuple[Value, Value]:
    """Both numbers in the larger scale, in one integer type."""
    scale = max(left.scale, right.scale)
    left, right = rescaled(left, scale), rescaled(right, scale)
    bound = max(left.bound, right.bound)
    first, second = integers(bound, left.expr, right.expr)
    return replace(left, expr=first), replace(right, expr=second)


def quotient(value: Value) -> Value:
    """A number as numerator over a power of ten; a quotient as it is."""
    if value.kind == "quotient":
        return value
    tens = 10**value.scale
    ten = Value("number", whole(tens), bound=tens, literal=Decimal(tens))
    return replace(value, kind="quotient", divisor=ten, scale=0)


def as_float(value: Value) -> Value:
    """The nearest double. Exact for numbers of at most 15 digits, otherwise marked approximate."""
    if value.kind == "float":
        return value
    over = quotient(value).divisor
    assert over is not None  # noqa: S101 - every quotient has one
    numerator = value.expr.cast(pl.Float64)
    if value.literal is not None:
        expr, rough = lit(float(Decimal(value.literal))), value.bound > _DOUBLE_MOST
        return replace(value, kind="float", expr=expr, approximate=rough, scale=0, divisor=None)
    if value.kind == "number" and value.scale == 0:
        return replace(value, kind="float", expr=numerator, approximate=value.bound > _DOUBLE_MOST)
    # A constant divisor becomes a column: Polars divides by a scalar through its reciprocal, which is inexact.
    divisor = (over.expr + (value.expr - value.expr)).cast(pl.Float64)
    rough = value.kind == "quotient" or value.bound > _DOUBLE_MOST
    return replace(value, kind="float", expr=numerator / divisor, approximate=rough, scale=0, divisor=None)


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """One of add, sub, mul, tdiv, fdiv, mod, pow on numbers."""
    left, right = numeric(left, "the left side"), numeric(right, "the right side")
    if operator == "pow":
        return power(left, right)
    if left.kind == right.kind == "number":
        return _EXACT[operator](left, right)
    if operator in {"fdiv", "mod"}:
        raise Refused("inexact-remainder", "whole division of a float is not exact", "use / or a decimal feature")
    return _float_arithmetic(operator, left, right)


def numeric(value: Value, role: str) -> Value:
    """The value; refused where it may be null or is no number."""
    if value.kind not in NUMERIC and value.kind != "null":
        raise Refused("type-mismatch", f"{role} must be a number, but {value.noun}", "", value.span)
    return known(value, role)


def _add(left: Value, right: Value) -> Value:
    return _sum(left, right, subtract=False)


def _subtract(left: Value, right: Value) -> Value:
    return _sum(left, right, subtract=True)


def _sum(left: Value, right: Value, *, subtract: bool) -> Value:
    first, second = aligned(left, right)
    bound = first.bound + second.bound
    one, two = integers(bound, first.expr, second.expr)
    expr = one - two if subtract else one + two
    return Value("number", expr, error=errors_of(left, right), scale=first.scale, bound=bound)


def _multiply(left: Value, right: Value) -> Value:
    bound = left.bound * right.bound
    one, two = integers(bound, left.expr, right.expr)
    return Value("number", one * two, error=errors_of(left, right), scale=left.scale + right.scale, bound=bound)


def _divide(left: Value, right: Value) -> Value:
    over, under = aligned(left, right)
    error = either(errors_of(left, right), _zero(under))
    return Value("quotient", over.expr, error=error, bound=over.bound, divisor=replace(under, scale=0, error=None))


def _whole_divide(left: Value, right: Value) -> Value:
    over, under = aligned(left, right)
    error = either(errors_of(left, right), _zero(under))
    return Value("number", _truncated(over.expr, _nonzero(under)), error=error, bound=over.bound)


def _remainder(left: Value, right: Value) -> Value:
    over, under = aligned(left, right)
    error = either(errors_of(left, right), _zero(under))
    by = _nonzero(under)
    expr = over.expr - by * _truncated(over.expr, by)
    return Value("number", expr, error=error, scale=over.scale, bound=min(over.bound, under.bound))


def _truncated(over: Column, under: Column) -> Column:
    """Toward zero, as the interpreter's decimals divide; Polars floors."""
    size = over.abs() // under.abs()
    return when((over < 0) ^ (under < 0)).then(0 - size).otherwise(size)


def _zero(value: Value) -> Column | None:
    """Where dividing by it raises; None for a constant other than zero."""
    return value.expr == 0 if value.literal is None or value.bound == 0 else None


def _nonzero(value: Value) -> Column:
    if _zero(value) is None:
        return value.expr
    return when(value.expr == 0).then(whole(1)).otherwise(value.expr)


_EXACT = {
    "add": _add,
    "sub": _subtract,
    "mul": _multiply,
    "tdiv": _divide,
    "fdiv": _whole_divide,
    "mod": _remainder,
}


def power(base: Value, exponent: Value) -> Value:
    """The base multiplied by itself: exponents 1, 2 and 3 on exact numbers."""
    if base.kind != "number" or exponent.literal not in {Decimal(times) for times in _POWERS}:
        raise Refused("inexact-power", "only powers 1, 2 and 3 of an exact number stay exact", "multiply instead")
    result = replace(base, literal=None)
    for _ in range(int(Decimal(exponent.literal)) - 1):
        result = _multiply(result, base)
    return replace(result, error=errors_of(base, exponent))


def _float_arithmetic(operator: str, left: Value, right: Value) -> Value:
    one, two = as_float(left).expr, as_float(right).expr
    error = errors_of(left, right)
    match operator:
        case "add":
            expr = one + two
        case "sub":
            expr = one - two
        case "mul":
            expr = one * two
        case _:
            expr, error = one / two, either(error, two == 0)
    return Value("float", expr, error=error, approximate=True)


def negated(value: Value) -> Value:
    """The number with its sign turned."""
    literal = None if value.literal is None else -Decimal(value.literal)
    return replace(numeric(value, "the operand of '-'"), expr=0 - value.expr, literal=literal)


def absolute(value: Value) -> Value:
    """The number without its sign."""
    value = numeric(value, "the argument of $abs")
    under = None if value.divisor is None else _sized(value.divisor)
    return replace(_sized(value), divisor=under)


def _sized(value: Value) -> Value:
    literal = None if value.literal is None else abs(Decimal(value.literal))
    return replace(value, expr=value.expr.abs(), literal=literal)


def floored(value: Value, *, up: bool) -> Value:
    """The next whole number below, or above with `up`."""
    if value.kind == "float":
        return replace(value, expr=value.expr.ceil() if up else value.expr.floor(), literal=None)
    over = quotient(value)
    assert over.divisor is not None  # noqa: S101 - every quotient has one
    numerator, divisor = integers(max(over.bound, over.divisor.bound), over.expr, _nonzero(over.divisor))
    expr = 0 - ((0 - numerator) // divisor) if up else numerator // divisor
    return Value("number", expr, error=value.error, null=value.null, bound=over.bound + 1)


def is_whole(value: Value) -> Column | None:
    """Where a number has decimals other than zero, so is not whole; None when it never has."""
    if value.kind == "number" and value.scale == 0:
        return None
    if value.kind == "float":
        return value.expr != value.expr.floor()
    over = quotient(value)
    assert over.divisor is not None  # noqa: S101 - every quotient has one
    numerator, divisor = integers(max(over.bound, over.divisor.bound), over.expr, _nonzero(over.divisor))
    return numerator % divisor != 0
