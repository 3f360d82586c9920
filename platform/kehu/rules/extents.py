"""Whom a condition takes, as far as that follows from comparisons of single features with constants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.boxes import EVERYBODY, NOBODY, Boxes, both, union, without
from kehu.rules.engine import ast
from kehu.rules.gauges import Gauge, Gauges
from kehu.rules.regions import NUMBERS, Region, compared, everything
from kehu.rules.trees import symbols_of

_LONGEST = 20  # digits; no feature has more
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class Extent:
    """`most` holds everyone whom the condition takes, `surely` only such; they are equal where it is `plain`.

    A condition that is not plain may also fail for a customer, and then takes nobody.
    """

    most: Boxes
    surely: Boxes
    plain: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A feature, or what stands for it when it is unknown, compared with a constant; the constant's node is `at`."""

    feature: str
    operator: str
    value: object
    default: object
    has_default: bool
    at: Any


_UNKNOWN = Extent(EVERYBODY, NOBODY, plain=False)


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures built trees of conditions over the features of the schema."""

    schema: Schema
    gauges: Gauges = field(default_factory=dict)

    def whole(self, name: str) -> Region:
        """Every value the feature may have."""
        gauge = self.gauges.get(name, Gauge())
        return everything(self.schema[name], gauge.least, gauge.most)

    def extent(self, node: Any) -> Extent:
        """Whom the condition takes. Raises TooManyBoxesError."""
        match node:
            case ast.LogicExpression():
                return self._joined(node)
            case ast.UnaryExpression() if node.type == "not":
                return self._denied(self.extent(node.right))
            case ast.TernaryExpression():
                return self._chosen(node)
            case ast.SymbolExpression() if not node.scope and self._is_truth(node.name):
                return self._within(node.name, Region(words=frozenset({True})))
            case ast.ContainsExpression():
                return self._listed(node)
        found = comparison_of(node, self.schema)
        return _UNKNOWN if found is None else self._within(found.feature, _region(found, self.schema[found.feature]))

    def _is_truth(self, name: str) -> bool:
        kind = self.schema.get(name)
        return kind is not None and kind.kind == "boolean" and not kind.nullable

    def _within(self, name: str, region: Region) -> Extent:
        inside = self.whole(name) & region
        boxes: Boxes = () if inside.is_empty else ({name: inside},)
        return Extent(boxes, boxes, plain=True)

    def _joined(self, node: Any) -> Extent:
        left, right = self.extent(node.left), self.extent(node.right)
        plain = left.plain and right.plain
        if node.type == "and":
            return Extent(both(left.most, right.most), both(left.surely, right.surely), plain)
        # Where the left side fails, the right one is not asked.
        surely = union(left.surely, right.surely) if left.plain else left.surely
        return Extent(union(left.most, right.most), surely, plain)

    def _denied(self, inner: Extent) -> Extent:
        surely = without(EVERYBODY, inner.most, self.whole) if inner.plain else NOBODY
        return Extent(without(EVERYBODY, inner.surely, self.whole), surely, inner.plain)

    def _chosen(self, node: Any) -> Extent:
        asked = self.extent(node.condition)
        denied = self._denied(asked)
        yes, no = self.extent(node.case_true), self.extent(node.case_false)
        return Extent(
            union(both(asked.most, yes.most), both(denied.most, no.most)),
            union(both(asked.surely, yes.surely), both(denied.surely, no.surely)),
            asked.plain and yes.plain and no.plain,
        )

    def _listed(self, node: Any) -> Extent:
        name, values = _feature_of(node.member), _constants(node.container)
        if name not in self.schema or values is None or not isinstance(node.member, ast.SymbolExpression):
            return _UNKNOWN
        kind = self.schema[name]
        if not all(_fits("eq", value, kind) for value in values):
            return _UNKNOWN
        regions = [compared("eq", value, kind) for value in set(values)]
        spans = tuple(sorted(span for region in regions for span in region.spans))
        words = frozenset(word for region in regions for word in region.words)
        return self._within(name, Region(spans, words, null=any(region.null for region in regions)))


def comparison_of(node: Any, schema: Schema) -> Comparison | None:
    """The node as a comparison of one feature with a constant; None when it is something else."""
    # Matching a pattern is a comparison to the grammar, too.
    comparing = isinstance(node, ast.ComparisonExpression | ast.ArithmeticComparisonExpression)
    if not comparing or node.type not in _MIRRORED:
        return None
    sides = ((node.left, node.right, node.type), (node.right, node.left, _MIRRORED[node.type]))
    for side, other, operator in sides:
        name = _feature_of(side)
        constants = _constants([other])
        if name in schema and constants is not None and _fits(operator, constants[0], schema[name]):
            default = _constants([side.right]) if isinstance(side, ast.CoalesceExpression) else ()
            if default is None:
                return None
            return Comparison(name, operator, constants[0], next(iter(default), None), bool(default), other)
    return None


def comparisons_in(node: Any, schema: Schema) -> Iterator[Comparison]:
    """Every comparison of a feature with a constant that stands in the tree, in order."""
    found = comparison_of(node, schema)
    if found is not None:
        yield found
        return
    for name in ("condition", "case_true", "case_false", "left", "right"):
        part = getattr(node, name, None)
        if isinstance(part, ast.ASTNodeBase):
            yield from comparisons_in(part, schema)


def _fits(operator: str, value: object, kind: FeatureType) -> bool:
    """Whether a region can say which values of the feature are meant."""
    if value is None:
        return operator in {"eq", "ne"}
    if isinstance(value, Decimal):
        return kind.kind in NUMBERS and abs(value.adjusted()) <= _LONGEST
    return operator in {"eq", "ne"} and kind.kind == ("boolean" if isinstance(value, bool) else "string")


def _region(found: Comparison, kind: FeatureType) -> Region:
    region = compared(found.operator, found.value, kind)
    if not found.has_default or not kind.nullable:
        return region
    known = region - Region(null=True)
    stands = not (compared(found.operator, found.value, kind) & compared("eq", found.default, kind)).is_empty
    return Region(known.spans, known.words, known.others, null=stands)


def _feature_of(node: Any) -> str:
    """The feature that stands there, alone or with a constant for unknown; '' when it is something else."""
    if isinstance(node, ast.CoalesceExpression) and not symbols_of(node.right):
        node = node.left
    return str(node.name) if isinstance(node, ast.SymbolExpression) and not node.scope else ""


def _constants(nodes: Any) -> tuple[object, ...] | None:
    """The values of written constants; None where one is something else."""
    listed = getattr(nodes, "value", None) if isinstance(nodes, ast.ArrayExpression | ast.SetExpression) else nodes
    literals = (ast.FloatExpression, ast.StringExpression, ast.BooleanExpression, ast.NullExpression)
    if not isinstance(listed, Mapping | list | tuple | set | frozenset) or not all(
        isinstance(node, literals) for node in listed
    ):
        return None
    return tuple(node.value for node in listed)
