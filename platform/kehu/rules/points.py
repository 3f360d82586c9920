"""Sums of points in a condition, as scores are written: which terms grant how many, and what would grant more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kehu.rules.engine import ast
from kehu.rules.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Term:
    """`first ? 10 : second ? 8 : 0`: conditions with their points in order, and the `rest` where none holds."""

    branches: tuple[tuple[Any, Decimal], ...]
    rest: Decimal

    def granted(self, row: Mapping[str, object]) -> int:
        """The index of the first condition that holds; the number of conditions where none does."""
        for index, (condition, _) in enumerate(self.branches):
            if Interpreter(condition).outcome(row):
                return index
        return len(self.branches)

    def points(self, index: int) -> Decimal:
        """What the condition of that index grants; the rest behind the last."""
        return self.branches[index][1] if index < len(self.branches) else self.rest


@dataclass(frozen=True, slots=True)
class Score:
    """A comparison of a sum of terms with a number: `operator` is gt, ge, lt, le, eq or ne."""

    terms: tuple[Term, ...]
    operator: str
    bound: Decimal

    def total(self, row: Mapping[str, object]) -> Decimal:
        """The points that the row is granted."""
        return sum((term.points(term.granted(row)) for term in self.terms), Decimal(0))


def score_of(node: Any) -> Score | None:
    """The node as a score against its bound; None where it is anything else."""
    if not isinstance(node, ast.ComparisonExpression | ast.ArithmeticComparisonExpression):
        return None
    bound, terms = _constant(node.right), _terms(node.left)
    if bound is None or not any(term.branches for term in terms):
        return None
    return Score(terms, str(node.type), bound)


def _terms(node: Any) -> tuple[Term, ...]:
    """The terms of a sum; none where one of them is something else."""
    if isinstance(node, ast.AddExpression):
        left, right = _terms(node.left), _terms(node.right)
        return (*left, *right) if left and right else ()
    term = _term(node)
    return (term,) if term else ()


def _term(node: Any) -> Term | None:
    branches: list[tuple[Any, Decimal]] = []
    while isinstance(node, ast.TernaryExpression):
        points = _constant(node.case_true)
        if points is None:
            return None
        branches.append((node.condition, points))
        node = node.case_false
    rest = _constant(node)
    return None if rest is None else Term(tuple(branches), rest)


def _constant(node: Any) -> Decimal | None:
    if isinstance(node, ast.UnaryExpression) and node.type == "uminus":
        inner = _constant(node.right)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.FloatExpression) else None
