"""A condition taken apart for one customer: what each clause is, which were asked, which decided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from kehu.model.feature_types import Schema
from kehu.rules.engine import ast
from kehu.rules.interpreter import Interpreter, engine_context, engine_row
from kehu.rules.points import Score, score_of
from kehu.rules.trees import ENGINE_ERRORS, Span, parse, symbols_of

# "unknown" counts as false; "failed" could not be computed, as a division by zero; "skipped" was not evaluated,
# because the clauses before it had decided.
State = Literal["true", "false", "unknown", "failed", "skipped"]
OPERATORS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
Joined = Literal["", "and", "or", "not", "sum"]


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition or a clause of one. `joined` says how its `parts` make it up, "" where it has none.

    `values` are the features that a clause without parts names, as the interpreter reads them. A "sum" is a score:
    its value is the number of points, and each part the condition that granted its `points`, or, where none did,
    the last that could have.
    """

    text: str
    state: State
    joined: Joined = ""
    parts: tuple["Truth", ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    points: Decimal | None = None


def truth_of(text: str, row: Mapping[str, object], schema: Schema, as_of: datetime) -> Truth:
    """The checked condition for a row of a feature frame, which needs only the features it names."""
    root = parse(text, engine_context(schema, as_of)).root
    return _Taking(text, engine_row(row, schema)).apart(root, asked=True)


def deciding(truth: Truth) -> tuple[Truth, ...]:
    """The clauses without parts that made the condition what it is, in their order; none where it was skipped."""
    if truth.state == "skipped":
        return ()
    if not truth.parts or truth.joined == "sum":
        return (truth,)
    if truth.joined == "not":
        return deciding(truth.parts[0])
    whole = {"true"} if truth.joined == "and" else {"false", "unknown"}
    stopped = tuple(part for part in truth.parts if part.state not in {*whole, "skipped"})
    return tuple(leaf for part in stopped[:1] or truth.parts for leaf in deciding(part))


def chain_of(node: Any) -> Iterator[Any]:
    """The sides of `a and b and c` as three, not as pairs of pairs; a node that joins nothing is its own chain."""
    for side in (node.left, node.right):
        if isinstance(side, ast.LogicExpression) and side.type == node.type:
            yield from chain_of(side)
        else:
            yield side


def negated_part(node: Any) -> Any | None:
    """What a `not` denies; None where the node is no `not`, or is one word with its operand, as in `not in`."""
    if not isinstance(node, ast.UnaryExpression) or node.type != "not":
        return None
    inner, outer = getattr(node.right, "span", None), getattr(node, "span", None)
    return None if inner is None or inner == outer else node.right


def text_of(node: Any, text: str) -> str:
    """The node as written, on one line."""
    span = getattr(node, "span", Span(0, len(text)))
    return " ".join(text[span.start : span.end].split())


@dataclass(frozen=True, slots=True)
class _Taking:
    """Takes one condition apart over one row of the interpreter."""

    text: str
    row: Mapping[str, object]

    def apart(self, node: Any, *, asked: bool) -> Truth:
        written = text_of(node, self.text)
        if isinstance(node, ast.LogicExpression):
            parts = tuple(self._chain(node, asked=asked))
            return Truth(written, _joined(parts), node.type, parts)
        denied = negated_part(node)
        if denied is not None:
            part = self.apart(denied, asked=asked)
            return Truth(written, _opposite(part.state), "not", (part,))
        score = score_of(node)
        if score is not None and asked and self._state(node) != "failed":
            return self._summed(node, score)
        values = tuple((name, self.row[name]) for name in sorted(symbols_of(node)) if name in self.row)
        return Truth(written, self._state(node) if asked else "skipped", values=values)

    def _summed(self, node: Any, score: Score) -> Truth:
        parts = []
        for term in score.terms:
            index = term.granted(self.row)
            if term.branches:
                condition = self.apart(term.branches[min(index, len(term.branches) - 1)][0], asked=True)
                parts.append(replace(condition, points=term.points(index)))
        total: tuple[tuple[str, object], ...] = (("score", score.total(self.row)),)
        written = f"score {OPERATORS[score.operator]} {score.bound:f}"
        return Truth(written, self._state(node), "sum", tuple(parts), total)

    def _chain(self, node: Any, *, asked: bool) -> Iterator[Truth]:
        goes_on = {"true"} if node.type == "and" else {"false", "unknown"}
        for side in chain_of(node):
            part = self.apart(side, asked=asked)
            asked = asked and part.state in goes_on
            yield part

    def _state(self, node: Any) -> State:
        try:
            value = Interpreter(node).value(self.row)
        except ENGINE_ERRORS:
            return "failed"
        if value is None:
            return "unknown"
        return "true" if value else "false"


def _joined(parts: tuple[Truth, ...]) -> State:
    """The last part that was asked decides, for `and` and for `or`; an unknown one counts as false."""
    asked: list[State] = [part.state for part in parts if part.state != "skipped"]
    if not asked:
        return "skipped"
    return "false" if asked[-1] == "unknown" else asked[-1]


def _opposite(state: State) -> State:
    opposites: dict[State, State] = {"true": "false", "false": "true", "unknown": "true"}
    return opposites.get(state, state)
