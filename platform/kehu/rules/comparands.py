"""A clause that compares one feature with something that does not name it, whichever side it stands on."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from kehu.model.feature_types import FeatureType
from kehu.rules.engine import ast
from kehu.rules.trees import symbols_of

NUMBERS = frozenset({"integer", "decimal", "float"})
EQUAL = frozenset({"eq", "ne"})
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class Comparand:
    """`feature` `operator` `bound`, as it must be: `operator` is gt, ge, lt, le, eq or ne.

    `side` is the feature as it is written, perhaps with a constant for where it is unknown.
    """

    feature: str
    operator: str
    side: Any
    bound: Any


def comparand_of(node: Any, features: Collection[str], *, wanted: bool) -> Comparand | None:
    """The comparison that must hold so that the node becomes `wanted`; None where it is another clause."""
    if not isinstance(node, ast.ComparisonExpression | ast.ArithmeticComparisonExpression):
        return None
    operator = str(node.type if wanted else _OPPOSITE[node.type])
    for side, other, told in ((node.left, node.right, operator), (node.right, node.left, _MIRRORED[operator])):
        name = _feature_of(side)
        if name in features and name not in symbols_of(other):
            return Comparand(name, told, side, other)
    return None


def number_of(value: object) -> Decimal | None:
    """A number of the interpreter; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def target_of(operator: str, limit: Decimal, kind: FeatureType) -> Decimal:
    """The nearest number of the feature's own steps that meets the condition; floats have no steps."""
    if kind.kind == "float" or operator in EQUAL:
        return limit
    step = Decimal(1).scaleb(-kind.scale)
    if operator in {"ge", "gt"}:
        whole = limit.quantize(step, ROUND_CEILING)
        return whole + step if operator == "gt" and whole == limit else whole
    whole = limit.quantize(step, ROUND_FLOOR)
    return whole - step if operator == "lt" and whole == limit else whole


def _feature_of(side: Any) -> str:
    """The feature that stands there, alone or with a constant for unknown; '' when it is something else."""
    if isinstance(side, ast.CoalesceExpression) and not symbols_of(side.right):
        side = side.left
    return str(side.name) if isinstance(side, ast.SymbolExpression) and not side.scope else ""
