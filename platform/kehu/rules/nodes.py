"""The visitor: one method per kind of node, each handing its parts to the module that knows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kehu.model.feature_types import Schema
from kehu.rules.attributes import attribute_of
from kehu.rules.bits import bitwise
from kehu.rules.choices import chosen_by, coalesced
from kehu.rules.columns import lit
from kehu.rules.comparisons import contains, equal, ordered
from kehu.rules.engine import ast
from kehu.rules.functions import FUNCTIONS, call
from kehu.rules.instants import literal_duration, literal_instant, moved
from kehu.rules.lists import comprehended, holds, list_item
from kehu.rules.numbers import arithmetic, literal_number, negated
from kehu.rules.remedies import no_attribute, no_node
from kehu.rules.slices import slice_of
from kehu.rules.symbols import CLOCK, builtin_value, feature_value
from kehu.rules.texts import METHODS, character, joined, matches, text_method
from kehu.rules.trees import Broken, Matching, Span
from kehu.rules.values import TRUE, Refused, Value, boolean, either, errors_of, truthy

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
    clocks: set[str] = field(default_factory=set)
    variables: dict[str, Value] = field(default_factory=dict)
    over_items: bool = False
    refusals: list[Refused] = field(default_factory=list)
    cautions: list[Refused] = field(default_factory=list)

    @property
    def asks_time(self) -> bool:
        """Whether `$now` or `$today` stands in the tree."""
        return bool(self.clocks)

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
                return Value("string", lit(node.value), literal=node.value)
            case ast.BooleanExpression():
                return Value("boolean", lit(value=node.value), literal=node.value)
            case ast.DatetimeExpression():
                return literal_instant(node.value)
            case ast.TimedeltaExpression():
                return literal_duration(node.value)
        return Value("null", null=TRUE)

    def written_list(self, node: Any, span: Span) -> Value:
        # A set's members have no order of their own; that of the text makes messages repeatable.
        members = sorted(node.value, key=lambda member: getattr(member, "span", span).start)
        compiled = self.values(members, span)
        is_set = isinstance(node, ast.SetExpression)
        return Value("list", members=compiled, error=errors_of(*compiled), distinct=is_set)

    def symbol(self, node: Any, _span: Span) -> Value:
        if node.scope is not None:
            self.clocks |= {node.name} & set(CLOCK)
            return builtin_value(node.name, self.as_of)
        if node.name in self.variables:
            return self.variables[node.name]
        if self.over_items:
            said = f"'{node.name}' cannot be asked for within a list's items, which are looked at by themselves"
            raise Refused("unsupported", said, "compare the items with constants, or ask $any, $max, .length outside")
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
        return contains(container, member) if container.each is None else holds(container, member)

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
            return attribute_of(owner, node.name)
        except Refused as refusal:
            refusal.span = refusal.span or at
            raise

    def item(self, node: Any, span: Span) -> Value:
        container, index = self.values((node.container, node.item), span)
        if container.kind == "list":
            return list_item(container, index, safe=node.safe)
        if container.kind != "string":
            raise Refused("unsupported", f"nothing can be picked from it: {container.noun}", "", container.span)
        return character(container, index, safe=node.safe)

    def part(self, node: Any, span: Span) -> Value:
        container, start, stop = self.values((node.container, node.start, node.stop), span)
        return slice_of(container, start, stop, safe=node.safe)

    def bits(self, node: Any, span: Span) -> Value:
        left, right = self.values((node.left, node.right), span)
        return bitwise(node.type, left, right)

    def comprehension(self, node: Any, span: Span) -> Value:
        (container,) = self.values((node.iterable,), span)
        if container.kind != "list":
            raise Refused(
                "unsupported", f"only a list has items to go through, but {container.noun}", "", container.span
            )
        if node.variable in self.schema or node.variable in self.variables:
            raise Refused("unsupported", f"'{node.variable}' already has a meaning here", "take another variable")
        if container.each is not None:
            inner = self._over(node, container.each, items=True)
            body, *rest = inner.values(
                (node.result,) if node.condition is None else (node.result, node.condition), span
            )
            return comprehended(container, body, self._truth(rest[0]) if rest else None)
        if node.condition is not None:
            raise Refused(
                "unsupported", "a written list is not sifted", "write the conditions, joined by 'or' or 'and'"
            )
        members = tuple(self._over(node, member).value(node.result, span) for member in container.members)
        return Value("list", members=members, error=errors_of(container, *members))

    def _over(self, node: Any, item: Value, *, items: bool = False) -> "Visitor":
        """A visitor that notes what it finds here and knows the variable."""
        return replace(self, variables={**self.variables, node.variable: item}, over_items=self.over_items or items)

    def call(self, node: Any, span: Span) -> Value:
        function = node.function
        if isinstance(function, ast.SymbolExpression) and function.name in FUNCTIONS:
            return call(function.name, self.values(node.arguments, span))
        if not isinstance(function, ast.GetAttributeExpression):
            self.value(function, span)
            raise Refused("unsupported", "this call cannot be evaluated in bulk", f"callable are {_CALLABLE}")
        owner, *arguments = self.values((function.object, *node.arguments), span)
        if owner.kind == "string" and function.name in METHODS:
            return text_method(function.name, owner, tuple(arguments))
        raise no_attribute(owner.kind, function.name, owner.noun)

    def unsupported(self, node: Any, _span: Span) -> Value:
        raise no_node(type(node).__name__)


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
    ast.GetSliceExpression: Visitor.part,
    ast.BitwiseExpression: Visitor.bits,
    ast.BitwiseShiftExpression: Visitor.bits,
    ast.ComprehensionExpression: Visitor.comprehension,
    ast.FunctionCallExpression: Visitor.call,
}
