"""Lists: a written one is its members, a column's is asked item by item where the column stands."""

from dataclasses import replace

import polars as pl

from kehu.model.feature_types import FeatureType
from kehu.rules.columns import Column, element, when
from kehu.rules.comparisons import apply, check_words
from kehu.rules.numbers import integers, is_whole, numeric, rescaled, whole
from kehu.rules.values import FALSE, INT64_MOST, TRUE, Refused, Value, boolean, either, errors_of, known, truthy

LONGEST = 2**32
_ITEM = element()
_ITEM_KINDS = ("string", "number", "boolean")


def list_feature(column: Column, kind: FeatureType) -> Value:
    """A feature's column of lists, and what each item is."""
    if kind.kind == "strings":
        return Value("list", column, each=Value("string", _ITEM, words=kind.words))
    return Value("list", column, each=Value("number", _ITEM, bound=10**kind.digits - 1))


def list_attribute(value: Value, name: str) -> Value | None:
    """Length and emptiness; None for the others."""
    if name not in {"length", "is_empty"} or value.distinct:
        return None
    if value.each is None:
        count = len(value.members)
        if name == "is_empty":
            return Value("boolean", FALSE if count else TRUE, error=value.error)
        return Value("number", whole(count), error=value.error, bound=count)
    size = _length(value)
    return Value("boolean", size == 0) if name == "is_empty" else Value("number", size, bound=LONGEST)


def list_item(value: Value, index: Value, *, safe: bool) -> Value:
    """`list[index]`, from the end when negative; out of range raises, or is null for `&[`."""
    position = position_of(index)
    if value.each is None:
        return _member(value, position, safe=safe)
    size = _length(value)
    outside = apply("ge", position.expr, size) | apply("lt", position.expr, 0 - size)
    expr = value.expr.list.get(position.expr.cast(pl.Int64), null_on_oob=True)
    null = outside if safe else None
    return replace(value.each, expr=expr, null=null, error=either(position.error, None if safe else outside))


def position_of(index: Value) -> Value:
    """A whole number to count items or characters with."""
    index = numeric(index, "the position")
    if index.kind != "number" or is_whole(index) is not None or index.bound > INT64_MOST:
        raise Refused("type-mismatch", "the position must be a whole number", "add .floor", index.span)
    return index


def holds(container: Value, member: Value) -> Value:
    """`member in container` for a column's list; null is in none."""
    each = container.each
    if each is None or member.kind == "null":
        return boolean(FALSE, container, member)
    if member.kind != each.kind:
        said = f"the list never holds this: {member.noun}"
        raise Refused("never-equal", said, "look for a value of the list's own type", member.span)
    if member.scale > each.scale:
        raise Refused("type-mismatch", f"the list holds no decimals, but {member.noun} with some", "add .floor")
    check_words(replace(each, text=container.text), member)
    scaled = rescaled(member, each.scale)
    if scaled.bound > INT64_MOST:
        raise Refused("too-many-digits", f"'{member.text}' has more digits than an item", "", member.span)
    found = container.expr.list.contains(scaled.expr)
    return boolean(found if member.null is None else found & ~member.null, container, member)


def comprehended(container: Value, body: Value, condition: Value | None) -> Value:
    """`[body for item in container if condition]` for a column's list; neither may fail or be unknown."""
    for part in (body, condition):
        if part is not None and part.error is not None:
            said = f"'{part.text}' could fail on an item"
            raise Refused("unsupported", said, "write it so that it holds for every item", part.span)
    body = known(body, "what is taken of each item")
    if body.kind not in _ITEM_KINDS or body.bound > INT64_MOST:
        said = f"items of this kind cannot be gathered: {body.noun}"
        raise Refused("unsupported", said, "gather texts, whole numbers, amounts or truths", body.span)
    held = _ITEM.is_not_null() if condition is None else _ITEM.is_not_null() & truthy(condition)
    expr = container.expr.list.eval(when(held).then(body.expr).otherwise(None).drop_nulls())
    return Value("list", expr, each=replace(body, expr=_ITEM, literal=None), error=container.error)


def reckoned(name: str, argument: Value) -> Value:
    """any, all, sum, min or max of a column's list; min and max of an empty one raise."""
    each = argument.each
    assert each is not None  # noqa: S101 - the caller asks only for a column's list
    if name in {"any", "all"}:
        truths = argument.expr.list.eval(truthy(each)).list
        return boolean(truths.any() if name == "any" else truths.all(), argument)
    each = numeric(each, "an item of the list")
    if name == "sum":
        bound = each.bound * LONGEST
        (item,) = integers(bound, _ITEM)
        total = argument.expr.list.eval(item).list.sum().fill_null(0)
        return Value("number", total, error=argument.error, scale=each.scale, bound=bound)
    found = argument.expr.list.min() if name == "min" else argument.expr.list.max()
    return replace(each, expr=found, error=either(argument.error, _length(argument) == 0))


def _length(value: Value) -> Column:
    return value.expr.list.len().cast(pl.Int64)


def _member(value: Value, index: Value, *, safe: bool) -> Value:
    """An item of a written list, whose position must be written too."""
    if index.literal is None or value.distinct:
        raise Refused("unsupported", "a written list is asked by a written position", "write cases, a ? b : c")
    at, size = int(index.literal), len(value.members)
    if not -size <= at < size:
        if safe:
            return Value("null", null=TRUE, error=value.error)
        raise Refused("constant-fails", f"the list has no item {at}", f"it has {size}", index.span)
    return replace(value.members[at], error=errors_of(*value.members))
