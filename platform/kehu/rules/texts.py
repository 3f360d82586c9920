"""Texts: their attributes, methods and single characters, counted in code points."""

from dataclasses import replace

import polars as pl

from kehu.rules.columns import Column, concat_str
from kehu.rules.comparisons import apply
from kehu.rules.lists import position_of
from kehu.rules.regex import translate
from kehu.rules.values import Refused, Value, boolean, either, errors_of, known, mapped, unless

_LONGEST = 2**32
METHODS = ("starts_with", "ends_with")


def text_attribute(value: Value, name: str) -> Value | None:
    """Length, emptiness, case; None for names it has none for."""
    match name:
        case "length":
            part = Value("number", mapped(value, lambda text: text.str.len_chars().cast(pl.Int64)), bound=_LONGEST)
        case "is_empty":
            part = Value("boolean", value.expr == "")
        case "as_lower":
            part = Value("string", value.expr.str.to_lowercase())
        case "as_upper":
            part = Value("string", value.expr.str.to_uppercase())
        case "to_str":
            return value
        case _:
            return None
    return replace(part, null=value.null, error=value.error)


def text_method(name: str, value: Value, arguments: tuple[Value, ...]) -> Value:
    """starts_with or ends_with; the empty text starts and ends every text."""
    (argument,) = (known(each, f"the argument of {name}") for each in arguments)
    if argument.kind != "string":
        raise Refused("type-mismatch", f"{name} takes a text, but {argument.noun}", "", argument.span)
    known(value, f"the text before '.{name}'")
    if name == "starts_with":
        found = mapped(value, lambda text: text.str.starts_with(argument.expr))
    else:
        found = mapped(value, lambda text: text.str.ends_with(argument.expr))
    return boolean(found, value, argument)


def character(value: Value, index: Value, *, safe: bool) -> Value:
    """`text[index]`, from the end when negative; out of range raises, or is null for `&[`."""
    index = position_of(index)
    length = value.expr.str.len_chars().cast(pl.Int64)
    outside = apply("ge", index.expr, length) | apply("lt", index.expr, 0 - length)
    expr = value.expr.str.slice(index.expr.cast(pl.Int64), 1)
    error = errors_of(value, index)
    if safe:
        missing = outside if value.null is None else outside | value.null
        return Value("string", expr, null=missing.fill_null(value=True), error=unless_null(error, value, index))
    return Value("string", expr, null=value.null, error=either(error, unless(outside, value.null)))


def unless_null(error: Column | None, value: Value, *positions: Value) -> Column | None:
    """Errors of a safe access: the positions are not evaluated where the text is null."""
    return either(value.error, unless(errors_of(*positions), value.null)) if error is not None else None


def matches(operator: str, text: Value, pattern: Value) -> tuple[Value, list[str]]:
    """A regular expression's test, and the cautions to give with it."""
    text, pattern = known(text, "the left side"), known(pattern, "the pattern")
    if text.kind != "string" or pattern.kind != "string":
        raise Refused("type-mismatch", f"a pattern is for texts: {text.noun}, {pattern.noun}")
    if not isinstance(pattern.literal, str):
        raise Refused("regex-unsupported", "the pattern must be written out", "put it in quotes", pattern.span)
    try:
        translated = translate(pattern.literal, from_start=operator.endswith("_fzm"))
    except Refused as refusal:
        refusal.span = pattern.span
        raise
    found = mapped(text, lambda column: column.str.contains(translated.pattern))
    test = boolean(~found if operator.startswith("ne") else found, text, pattern)
    return test, translated.cautions


def joined(left: Value, right: Value) -> Value:
    """Two texts one after the other."""
    left, right = known(left, "the left side"), known(right, "the right side")
    return Value("string", concat_str(left.expr, right.expr), error=errors_of(left, right))
