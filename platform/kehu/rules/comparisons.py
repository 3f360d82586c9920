"""Equality and order as the interpreter has them: type-strict, null equal to null, quotients cross-multiplied."""

from dataclasses import replace
from decimal import Decimal
from functools import reduce
from operator import or_

from kehu.model.problems import did_you_mean
from kehu.rules.columns import Column, lit, when
from kehu.rules.numbers import NUMERIC, aligned, as_float, decimal_parts, integers, quotient, whole
from kehu.rules.values import FALSE, NOUNS, TRUE, Refused, Value, boolean, both, either, known, mapped, unless

ORDERED = ("string", "boolean", "instant", "duration")
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
# Two unequal quotients whose cross products stay below this differ within the interpreter's 28 digits.
_QUOTIENT_MOST = 10**26 - 1
_DOUBLE_DIGITS = 15
_FEW = 4


def equal(left: Value, right: Value) -> Value:
    """Never null: null equals null and nothing else."""
    if left.kind == "null" or right.kind == "null":
        other = right if left.kind == "null" else left
        truth = TRUE if other.kind == "null" else (other.null if other.null is not None else FALSE)
        return boolean(truth, left, right)
    check_words(left, right)
    test = _same(left, right)
    missing = either(left.null, right.null)
    expr = test.expr if missing is None else test.expr & ~missing
    two_missing = both(left.null, right.null)
    return replace(test, expr=expr if two_missing is None else expr | two_missing)


def ordered(operator: str, left: Value, right: Value) -> Value:
    """lt, le, gt or ge of two values of one type that are never null."""
    left, right = known(left, "the left side"), known(right, "the right side")
    if left.kind in NUMERIC and right.kind in NUMERIC:
        return _numbers(operator, left, right)
    if left.kind != right.kind or left.kind not in ORDERED:
        raise Refused("type-mismatch", f"cannot put in order: {left.noun}, {right.noun}")
    return boolean(apply(operator, left.expr, right.expr), left, right)


def contains(container: Value, member: Value) -> Value:
    """`member in container`: a text in a text, or a value in a written list; for a column's list see `lists`."""
    if container.kind == "string":
        member = known(member, "the left side of 'in'")
        if member.kind != "string":
            raise Refused("type-mismatch", f"{member.noun}, but it is looked for in a text")
        found = container.expr.str.contains(member.expr, literal=True)
        return boolean(found, known(container, "the right side of 'in'"), member)
    if container.kind != "list":
        raise Refused("type-mismatch", f"'in' needs a list or a text, but {container.noun}", "", container.span)
    tests = _member_tests(member, container.members)
    error = either(*(each.error for each in container.members), member.error)
    truth = either(*(test.expr for test in tests))
    rough = any(test.approximate for test in tests)
    return Value("boolean", FALSE if truth is None else truth, error=error, approximate=rough)


def apply(operator: str, left: Column, right: Column) -> Column:
    """The comparison of two columns of one type.

    A constant goes to the right: Polars 2.1 takes `constant == when(..).then(1).otherwise(2)` for one row.
    """
    if left.constant:
        operator, left, right = _MIRRORED[operator], right, left
    match operator:
        case "lt":
            return left < right
        case "le":
            return left <= right
        case "gt":
            return left > right
        case "ge":
            return left >= right
        case "ne":
            return left != right
    return left == right


def _same(left: Value, right: Value) -> Value:
    if left.kind in NUMERIC and right.kind in NUMERIC:
        return _numbers("eq", left, right)
    if left.kind == right.kind == "list":
        remedy = "ask 'x in list', list.length or list[0]"
        raise Refused("unsupported", "lists cannot be compared as a whole", remedy)
    if left.kind != right.kind or left.kind not in ORDERED:
        raise Refused(
            "never-equal",
            f"{NOUNS[left.kind]} is never equal to {NOUNS[right.kind]}: {left.noun}, {right.noun}",
            "compare values of one type",
        )
    if right.literal is None and left.literal is not None:
        left, right = right, left
    if right.literal is not None:
        return boolean(mapped(left, lambda column: apply("eq", column, right.expr)), left, right)
    return boolean(apply("eq", left.expr, right.expr), left, right)


def check_words(left: Value, right: Value) -> None:
    """Refuse a written word that the other side never is."""
    for value, word in ((left, right), (right, left)):
        if value.words and isinstance(word.literal, str) and word.literal not in value.words:
            remedy = did_you_mean(word.literal, value.words)
            raise Refused("unknown-word", f"'{word.literal}' is not a value of '{value.text}'", remedy, word.span)


def _member_tests(member: Value, choices: tuple[Value, ...]) -> list[Value]:
    """A test per choice, texts and null apart: those make one test."""
    texts = [choice for choice in choices if isinstance(choice.literal, str)]
    if member.kind != "string" or len(texts) < len(choices):
        return [equal(member, choice) for choice in choices]
    for choice in texts:
        check_words(member, choice)
    found = mapped(member, lambda column: _is_one_of(column, [str(choice.literal) for choice in texts]))
    return [boolean(found if member.null is None else found & ~member.null)] if texts else []


def _is_one_of(column: Column, texts: list[str]) -> Column:
    """A few comparisons take less than looking into a set."""
    if len(texts) > _FEW:
        return column.is_in(texts)
    return reduce(or_, [column == lit(text) for text in texts])


def _numbers(operator: str, left: Value, right: Value) -> Value:
    if left.literal is not None and right.literal is None:
        return _numbers(_MIRRORED[operator], right, left)
    if "float" in {left.kind, right.kind}:
        return _floats(operator, left, right)
    if "quotient" in {left.kind, right.kind}:
        return _quotients(operator, left, right)
    if right.literal is not None:
        return boolean(_with_literal(operator, left, Decimal(right.literal)), left, right)
    first, second = aligned(left, right)
    return boolean(apply(operator, first.expr, second.expr), left, right)


def _with_literal(operator: str, column: Value, literal: Decimal) -> Column:
    """The literal moved to the column's scale: rounded to the side that keeps the answer."""
    number, scale = decimal_parts(literal)
    if scale <= column.scale:
        bound, rest = number * 10 ** (column.scale - scale), 0
    else:
        bound, rest = divmod(number, 10 ** (scale - column.scale))
    if rest:
        if operator in {"eq", "ne"}:
            return FALSE if operator == "eq" else TRUE
        # column > 2.5 is column > 2, column >= 2.5 is column >= 3, and so on
        bound += operator in {"ge", "lt"}
    most = column.bound + 1
    limit = whole(min(max(bound, -most), most))
    return mapped(column, lambda number: apply(operator, number, limit))


def _floats(operator: str, left: Value, right: Value) -> Value:
    for value in (left, right):
        if value.literal is not None and len(_significant(Decimal(value.literal))) > _DOUBLE_DIGITS:
            raise Refused(
                "too-many-digits",
                f"'{value.text}' has more than {_DOUBLE_DIGITS} digits; a float cannot be compared with it exactly",
                f"write it with at most {_DOUBLE_DIGITS} digits",
                value.span,
            )
    one, two = as_float(left), as_float(right)
    rough = (one.approximate and left.kind != "float") or (two.approximate and right.kind != "float")
    return replace(boolean(apply(operator, one.expr, two.expr), left, right), approximate=rough)


def _significant(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).strip("0")


def _quotients(operator: str, left: Value, right: Value) -> Value:
    """p/q > r/s as p*s > r*q, turned when q*s is negative."""
    one, two = quotient(left), quotient(right)
    assert one.divisor is not None and two.divisor is not None  # noqa: S101, PT018 - every quotient has one
    most = max(one.bound * two.divisor.bound, two.bound * one.divisor.bound)
    if most > _QUOTIENT_MOST:
        return _floats(operator, left, right)
    exprs = integers(most, one.expr, two.divisor.expr, two.expr, one.divisor.expr)
    first, second = exprs[0] * exprs[1], exprs[2] * exprs[3]
    test = apply(operator, first, second)
    negative = (
        unless(_negative(one.divisor), _negative(two.divisor)),
        unless(_negative(two.divisor), _negative(one.divisor)),
    )
    turned = either(*negative)
    if turned is not None and operator not in {"eq", "ne"}:
        test = when(turned).then(apply(_MIRRORED[operator], first, second)).otherwise(test)
    return boolean(test, left, right)


def _negative(divisor: Value) -> Column | None:
    """Where the divisor is negative; None for constants above zero."""
    if divisor.literal is not None:
        return TRUE if Decimal(divisor.literal) < 0 else None
    return None if divisor.bound == 0 else divisor.expr < 0
