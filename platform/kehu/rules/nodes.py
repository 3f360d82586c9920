"""The visitor: one method per kind of node, each handing its parts to the module that knows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl
from rule_engine import ast

from kehu.model.feature_types import Schema
from kehu.rules.choices import chosen_by, coalesced
from kehu.rules.comparisons import contains, equal, ordered
from kehu.rules.functions import FUNCTIONS, call
from kehu.rules.instants import duration_attribute, instant_attribute, literal_duration, literal_instant, moved
from kehu.rules.numbers import NUMERIC, arithmetic, floored, is_whole, literal_number, negated
from kehu.rules.symbols import CLOCK, builtin_value, feature_value
from kehu.rules.texts import METHODS, character, joined, matches, text_attribute, text_method
from kehu.rules.trees import Broken, Matching, Span
from kehu.rules.values import FALSE, TRUE, Refused, Value, boolean, either, errors_of, truthy

_TIMES = ("instant", "duration")


class _ReportedError(Exception):
    """What is wrong here is already noted; parts beside it may still be looked at."""


@dataclass(slots=True)
class Visitor:
    """Compiles one tree; afterwards holds what it used, refused and warns of."""

    text: str
    schema: Schema
    as_of: datetime | None
    features: set[str] = field(default_factory=set)
    asks_time: bool = False
    refusals: list[Refused] = field(default_factory=list)
    cautions: list[Refused] = field(default_factory=list)

    def compiled(self, root: Any, shape: Callable[[Value], Value]) -> Value | None:
        """The root's value in the wanted shape; None when something was refused."""
        try:
            value = self.value(root, root.span)
            return self._noted(lambda: shape(value), root.span)
        except _ReportedError:
            return None

    def value(self, node: Any, near: Span) -> Value:
        """The node's value; a node made by folding has no span and takes the one near it."""
        span = getattr(node, "span", near)
        if isinstance(node, Broken):
            raise _ReportedError
        handler = _HANDLERS.get(type(node), Visitor.unsupported)
        found = self._noted(lambda: handler(self, node, span), span)
        if found.approximate:
            said = "the result is rounded as a float and may differ from the exact one in its last digits"
            self._caution("approximate", said, "compare integers or decimals where the edge matters", span)
        return replace(found, span=span, text=self.text[span.start : span.end], approximate=False)

    def values(self, nodes: Sequence[Any], near: Span) -> tuple[Value, ...]:
        """All parts, so that each part's problems are noted."""
        found: list[Value] = []
        for node in nodes:
            try:
                found.append(self.value(node, near))
            except _ReportedError:
                continue
        if len(found) < len(nodes):
            raise _ReportedError
        return tuple(found)

    def _noted(self, compute: Callable[[], Value], span: Span) -> Value:
        try:
            return compute()
        except Refused as refusal:
            refusal.span = refusal.span or span
            self.refusals.append(refusal)
            raise _ReportedError from refusal

    def _caution(self, check: str, message: str, remedy: str, span: Span) -> None:
        self.cautions.append(Refused(check, message, remedy, span))

    def _truth(self, value: Value) -> Value:
        if value.null is not None:
            said = f"'{value.text}' may be unknown (null), which counts as false here"
            self._caution("unknown-counts-false", said, f"say so: ({value.text} ?? {value.default})", value.span)
        return value

    # One method per node, named for it.

    def literal(self, node: Any, _span: Span) -> Value:
        match node:
            case ast.FloatExpression():
                return literal_number(node.value)
            case ast.StringExpression():
                return Value("string", pl.lit(node.value), literal=node.value)
            case ast.BooleanExpression():
                return Value("boolean", pl.lit(value=node.value), literal=node.value)
            case ast.DatetimeExpression():
                return literal_instant(node.value)
            case ast.TimedeltaExpression():
                return literal_duration(node.value)
        return Value("null", null=TRUE)

    def written_list(self, node: Any, span: Span) -> Value:
        # A set's members have no order of their own; that of the text makes messages repeatable.
        members = sorted(node.value, key=lambda member: getattr(member, "span", span).start)
        compiled = self.values(members, span)
        return Value("list", members=compiled, error=errors_of(*compiled))

    def symbol(self, node: Any, _span: Span) -> Value:
        if node.scope is not None:
            self.asks_time |= node.name in CLOCK
            return builtin_value(node.name, self.as_of)
        self.features.add(node.name)
        return feature_value(node.name, self.schema[node.name])

    def logic(self, node: Any, span: Span) -> Value:
        left, right = (self._truth(side) for side in self.values((node.left, node.right), span))
        one, two = truthy(left), truthy(right)
        if node.type == "and":
            lazy = None if right.error is None else one & right.error
            return Value("boolean", one & two, error=either(left.error, lazy))
        lazy = None if right.error is None else ~one & right.error
        return Value("boolean", one | two, error=either(left.error, lazy))

    def equality(self, node: Any, span: Span) -> Value:
        left, right = self.values((node.left, node.right), span)
        for value, other in ((left, right), (right, left)):
            if value.kind == "null" and other.null is None:
                said = f"'{other.text}' is never null: the test always gives the same answer"
                self._caution("never-null", said, "leave the test out", other.span)
        test = equal(left, right)
        return test if node.type == "eq" else replace(test, expr=~test.expr)

    def order(self, node: Any, span: Span) -> Value:
        left, right = self.values((node.left, node.right), span)
        return ordered(node.type, left, right)

    def pattern(self, node: Any, span: Span) -> Value:
        text, pattern = self.values((node.left, node.right), span)
        test, cautions = matches(node.type, text, pattern)
        for caution in cautions:
            self._caution("regex-approximate", caution, "check it with an example", pattern.span)
        return test

    def contains(self, node: Any, span: Span) -> Value:
        container, member = self.values((node.container, node.member), span)
        return contains(container, member)

    def arithmetic(self, node: Any, span: Span) -> Value:
        left, right = self.values((node.left, node.right), span)
        if left.kind in _TIMES or right.kind in _TIMES:
            return moved(node.type, left, right)
        if left.kind == right.kind == "string" and node.type == "add":
            return joined(left, right)
        return arithmetic(node.type, left, right)

    def coalesce(self, node: Any, span: Span) -> Value:
        left, right = self.values((node.left, node.right), span)
        return coalesced(left, right)

    def ternary(self, node: Any, span: Span) -> Value:
        condition, left, right = self.values((node.condition, node.case_true, node.case_false), span)
        return chosen_by(self._truth(condition), left, right)

    def unary(self, node: Any, span: Span) -> Value:
        (operand,) = self.values((node.right,), span)
        if node.type == "not":
            return boolean(~truthy(self._truth(operand)), operand)
        if operand.kind == "duration":
            return replace(operand, expr=-operand.expr)
        return negated(operand)

    def attribute(self, node: Any, span: Span) -> Value:
        (owner,) = self.values((node.object,), span)
        at = next((Span(at, at + len(word)) for word, at in reversed(span.tokens) if word == node.name), span)
        try:
            return _attribute_of(owner, node.name)
        except Refused as refusal:
            refusal.span = refusal.span or at
            raise

    def item(self, node: Any, span: Span) -> Value:
        container, index = self.values((node.container, node.item), span)
        return character(container, index, safe=node.safe)

    def call(self, node: Any, span: Span) -> Value:
        function = node.function
        if isinstance(function, ast.SymbolExpression) and function.name in FUNCTIONS:
            return call(function.name, self.values(node.arguments, span))
        if isinstance(function, ast.GetAttributeExpression) and function.name in METHODS:
            owner, *arguments = self.values((function.object, *node.arguments), span)
            if owner.kind == "string":
                return text_method(function.name, owner, tuple(arguments))
        if isinstance(function, ast.SymbolExpression):
            self.value(function, span)
        raise Refused("unsupported", "this call cannot be evaluated in bulk", f"callable are {_CALLABLE}")

    def unsupported(self, node: Any, _span: Span) -> Value:
        name = _NAMES.get(type(node), "this")
        raise Refused("unsupported", f"{name} cannot be evaluated exactly in bulk", "see the table in docs/rules.md")


def _attribute_of(owner: Value, name: str) -> Value:
    if owner.kind == "string":
        return text_attribute(owner, name)
    if owner.kind == "instant":
        return instant_attribute(owner, name)
    if owner.kind == "duration":
        return duration_attribute(owner, name)
    if owner.kind in NUMERIC and name in {"floor", "ceiling"}:
        return floored(owner, up=name == "ceiling")
    if owner.kind in NUMERIC and name == "to_flt":
        return owner
    if owner.kind in NUMERIC and name == "to_int":
        return replace(owner, error=either(owner.error, is_whole(owner)))
    if owner.kind in NUMERIC and name == "is_nan":
        return replace(boolean(FALSE, owner), null=owner.null)
    raise Refused("unsupported", f"'.{name}' cannot be evaluated in bulk here: {owner.noun}")


_CALLABLE = ", ".join([*(f"${name}" for name in FUNCTIONS), *(f".{name}" for name in METHODS)])

_HANDLERS: dict[type, Callable[[Visitor, Any, Span], Value]] = {
    ast.FloatExpression: Visitor.literal,
    ast.StringExpression: Visitor.literal,
    ast.BooleanExpression: Visitor.literal,
    ast.DatetimeExpression: Visitor.literal,
    ast.TimedeltaExpression: Visitor.literal,
    ast.NullExpression: Visitor.literal,
    ast.ArrayExpression: Visitor.written_list,
    ast.SetExpression: Visitor.written_list,
    ast.SymbolExpression: Visitor.symbol,
    ast.LogicExpression: Visitor.logic,
    ast.ComparisonExpression: Visitor.equality,
    ast.ArithmeticComparisonExpression: Visitor.order,
    Matching: Visitor.pattern,
    ast.ContainsExpression: Visitor.contains,
    ast.AddExpression: Visitor.arithmetic,
    ast.SubtractExpression: Visitor.arithmetic,
    ast.ArithmeticExpression: Visitor.arithmetic,
    ast.CoalesceExpression: Visitor.coalesce,
    ast.TernaryExpression: Visitor.ternary,
    ast.UnaryExpression: Visitor.unary,
    ast.GetAttributeExpression: Visitor.attribute,
    ast.GetItemExpression: Visitor.item,
    ast.FunctionCallExpression: Visitor.call,
}

_NAMES: dict[type, str] = {
    ast.ComprehensionExpression: "a list comprehension",
    ast.GetSliceExpression: "a slice",
    ast.MappingExpression: "a mapping",
    ast.BytesExpression: "a bytes text",
    ast.BitwiseExpression: "a bitwise operator",
    ast.BitwiseShiftExpression: "a bitwise shift",
    ast.FunctionExpression: "a method of a written text",
}
