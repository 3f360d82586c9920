"""The table of the language: every row is as it says, and no part of rule-engine's language is missing."""

import inspect
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from rule_engine import Context, DataType, ast, builtins
from rule_engine.engine._attribute_resolver import _AttributeResolver
from rule_engine.parser import Parser, _DeferredAstNode

from kehu.model.problems import Place
from kehu.rules.compiler import compile_condition
from kehu.rules.constructs import CONSTRUCTS, PROBE, Construct
from kehu.rules.interpreter import engine_context
from kehu.rules.language_page import PAGE, page
from kehu.rules.trees import _slots, parse

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = [(row.says, example, row) for rows in CONSTRUCTS.values() for row in rows for example in row.examples]
# No construct of the language: what others derive from, and what holds a whole rule.
NO_CONSTRUCTS = {
    "ASTNodeBase", "ExpressionBase", "LiteralExpressionBase", "BinaryExpressionBase", "LeftOperatorRightExpressionBase",
    "Statement", "Comment",
}  # fmt: skip
PARSER = Parser()
PARSER.context = Context()


def classes_of(example: str) -> Iterator[tuple[str, str]]:
    """The kinds of node in an example as rule-engine's own grammar reads it, each with its operator or ""."""
    pending = [PARSER._parser.parse(example, lexer=PARSER._lexer)]
    while pending:
        part = pending.pop()
        if isinstance(part, _DeferredAstNode):
            operator = next((word for word in part.args if isinstance(word, str)), "")
            yield part.cls.__name__, operator.lower()
            pending += [*part.args, *part.kwargs.values()]
        elif isinstance(part, tuple | list | set | deque):
            pending += part
        elif isinstance(part, dict):
            pending += [*part, *part.values()]


def nodes_of(example: str) -> Iterator[Any]:
    """The nodes of an example's tree as it is compiled."""
    pending = [parse(example, engine_context(PROBE, AS_OF)).root]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.ASTNodeBase):
            yield part
            pending += _slots(part)
        elif isinstance(part, tuple | list | set):
            pending += part


EXAMPLES = [example for _, example, _ in ROWS]
NODES = [node for example in EXAMPLES for node in nodes_of(example)]
CLASSES = {found for example in EXAMPLES for found in classes_of(example)}
OPERATORS = {
    (kind.__name__, name.removeprefix("_op_"))
    for kind in vars(ast).values()
    if inspect.isclass(kind) and issubclass(kind, ast.ExpressionBase)
    for name in vars(kind)
    if name.startswith("_op_") and "_op_bitwise" not in name
}


@pytest.mark.parametrize(("_says", "example", "row"), ROWS)
def test_a_construct_is_as_the_table_says(_says: str, example: str, row: Construct) -> None:
    result = compile_condition(example, PROBE, AS_OF, lambda offset: Place("language", 1, offset + 1))
    found = result if isinstance(result, list) else result.warnings
    standing = "refused" if isinstance(result, list) else ("with care" if found else "exact")
    assert (standing, {problem.remedy for problem in found}) == (row.standing, {row.instead} if found else set())


def test_what_is_not_exact_has_a_way_round() -> None:
    assert [row.says for _, _, row in ROWS if row.standing != "exact" and not row.instead] == []


def test_every_kind_of_node_has_a_row() -> None:
    kinds = {name for name, kind in vars(ast).items() if inspect.isclass(kind) and issubclass(kind, ast.ASTNodeBase)}
    used = {name for name, _ in CLASSES} | {type(node).__name__ for node in NODES}
    assert kinds >= NO_CONSTRUCTS
    assert len(kinds) > 30
    assert kinds - NO_CONSTRUCTS - used == set()


def test_every_operator_has_a_row() -> None:
    assert len(OPERATORS) > 20
    assert CLASSES >= OPERATORS


def test_every_attribute_has_a_row() -> None:
    known = {(kind.name, name) for kind, names in _AttributeResolver.attribute.type_map.items() for name in names}
    used = {
        (DataType.NULLABLE.unwrap(node.object.result_type).name, node.name)
        for node in NODES
        if isinstance(node, ast.GetAttributeExpression)
    }
    assert len(known) > 40
    assert known - used == set()


def test_every_name_with_a_dollar_has_a_row() -> None:
    known = {*builtins.Builtins.from_defaults(), *Context().builtins}
    used = {node.name for node in NODES if isinstance(node, ast.SymbolExpression) and node.scope}
    assert len(known) > 15
    assert known - used == set()


def test_the_page_is_the_table_s() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m kehu.rules.language_page, and read what changed"
