"""One condition taken apart for one customer: each clause with its values and whether it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rule_engine import ast

from kehu.model.feature_types import Schema
from kehu.rules.interpreter import Interpreter, engine_context, engine_row
from kehu.rules.trees import Span, parse, symbols_of


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a condition. `outcome` is None where evaluating it raises, as for a division by zero.

    `joined` says how the `parts` make up the whole: "and", "or", or "" where there are none. `values` are the
    features of a part without parts of its own.
    """

    text: str
    outcome: bool | None
    joined: str = ""
    parts: tuple["Clause", ...] = ()
    values: tuple[tuple[str, object], ...] = ()


def explain_condition(text: str, row: Mapping[str, object], schema: Schema, as_of: datetime) -> Clause:
    """The condition's clauses for a row of a feature frame, which needs only the features it names."""
    parsed = parse(text, engine_context(schema, as_of))
    return _clause(parsed.root, text, engine_row(row, schema))


def _clause(node: Any, text: str, row: Mapping[str, object]) -> Clause:
    span = getattr(node, "span", Span(0, len(text)))
    written, outcome = text[span.start : span.end].strip(), Interpreter(node).outcome(row)
    if isinstance(node, ast.LogicExpression):
        parts = tuple(_clause(part, text, row) for part in _chain(node, node.type))
        return Clause(written, outcome, str(node.type), parts)
    values = tuple((name, row.get(name)) for name in sorted(symbols_of(node)) if name in row)
    return Clause(written, outcome, values=values)


def _chain(node: Any, joined: str) -> Iterator[Any]:
    """`a and b and c` as three parts, not as pairs of pairs."""
    for side in (node.left, node.right):
        if isinstance(side, ast.LogicExpression) and side.type == joined:
            yield from _chain(side, joined)
        else:
            yield side
