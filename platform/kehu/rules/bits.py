"""The bits of natural numbers: and, or, exclusive or, and shifts by a written number."""

from dataclasses import replace

from kehu.rules.columns import Column, bits
from kehu.rules.numbers import integers, is_whole, numeric, whole
from kehu.rules.values import INT64_MOST, Refused, Value, either, errors_of

_MOST_SHIFT = 60


def bitwise(operator: str, left: Value, right: Value) -> Value:
    """bwand, bwor, bwxor, bwlsh or bwrsh of whole numbers; raises where one is negative."""
    left, right = (_whole(side, role) for side, role in ((left, "the left side"), (right, "the right side")))
    error = either(errors_of(left, right), _negative(left), _negative(right))
    if operator in {"bwlsh", "bwrsh"}:
        return replace(_shifted(left, right, back=operator == "bwrsh"), error=error)
    width = max(left.bound, right.bound).bit_length()
    match operator:
        case "bwand":
            return Value("number", bits("&", left.expr, right.expr), error=error, bound=min(left.bound, right.bound))
        case "bwor":
            return Value("number", bits("|", left.expr, right.expr), error=error, bound=2**width - 1)
    return Value("number", bits("^", left.expr, right.expr), error=error, bound=2**width - 1)


def _whole(value: Value, role: str) -> Value:
    if value.kind == "list":
        raise Refused("unsupported", "sets cannot be joined in bulk", "write one list; x in [1] and x in [1, 2]")
    value = numeric(value, role)
    if value.kind != "number" or is_whole(value) is not None:
        raise Refused("type-mismatch", f"{role} has no bits: it may have decimals", "add .floor", value.span)
    if value.bound > INT64_MOST:
        raise Refused("too-many-digits", f"{role} has more than 63 bits", "give the feature fewer digits", value.span)
    return value


def _shifted(left: Value, right: Value, *, back: bool) -> Value:
    if right.literal is None or int(right.literal) > _MOST_SHIFT:
        remedy = "multiply or divide by a power of two, count // 8"
        raise Refused("unsupported", f"bits are shifted by a written number, at most {_MOST_SHIFT}", remedy, right.span)
    power = 2 ** int(right.literal)
    if back:
        return Value("number", left.expr // whole(power), bound=left.bound // power)
    (expr,) = integers(left.bound * power, left.expr)
    return Value("number", expr * whole(power), bound=left.bound * power)


def _negative(value: Value) -> Column | None:
    """Where the number is below 0; the interpreter's checker has refused constants that are."""
    return None if value.literal is not None else value.expr < 0
