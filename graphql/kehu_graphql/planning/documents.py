"""Documents that plans may answer: what the client's variables decide, and what they only fill in."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_variable_values

from kehu_graphql.lean import LeanExecutor
from kehu_graphql.limits import MAX_NODES
from kehu_graphql.node_count import count_nodes
from kehu_graphql.planning.shown import NotPlannedError

# Arguments that say what is asked, and how much: plans are made for their values. All others are only filled in.
_DECIDING = {"first", "last", "orderBy", "role"}
# Of these no more decides than how many there are.
_COUNTED = {"ids"}
_CURSORS = {"after", "before"}
_CONDITION = "where"
# A longer text of values is not worth its place in memory.
_MAX_CONDITION_BYTES = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A validated query: its operation, and the variables that decide what it asks for, and of which rows."""

    schema: GraphQLSchema
    query: str
    node: DocumentNode
    operation: OperationDefinitionNode
    operation_name: str | None
    deciding: tuple[str, ...]
    counted: tuple[str, ...]
    cursors: tuple[str, ...]
    conditions: tuple[str, ...]

    def variables(self, given: Mapping[str, Any]) -> VariableValues | None:
        """None for variables that resolvers are to refuse."""
        found = get_variable_values(self.schema, self.operation.variable_definitions or (), dict(given))
        return found if isinstance(found, VariableValues) else None

    def decided(self, given: Mapping[str, Any]) -> bytes:
        """Equal for variables under which the document asks the same; NotPlannedError for ones nested too deeply."""
        values = [given.get(name, _LEFT_OUT) for name in self.deciding]
        numbers = [_number(given.get(name)) for name in self.counted]
        try:
            return orjson.dumps([values, numbers, [_unknown(given.get(name, _LEFT_OUT)) for name in self.cursors]])
        except orjson.JSONEncodeError as error:
            raise NotPlannedError(str(error)) from error

    def narrowed(self, given: Mapping[str, Any]) -> bytes | None:
        """Equal for variables under which all conditions are the same; None where they are long or nested deeply."""
        try:
            found = orjson.dumps([given.get(name, _LEFT_OUT) for name in self.conditions])
        except orjson.JSONEncodeError:
            return None
        return found if len(found) <= _MAX_CONDITION_BYTES else None

    def executor(self, given: Mapping[str, Any]) -> LeanExecutor | None:
        """What collects fields under these variables; None where resolvers are to refuse the query.

        It is kept for other requests, and knows none of the values that are theirs to say.
        """
        if count_nodes(self.schema, self.node, self.operation_name, given) > MAX_NODES:
            return None
        built = LeanExecutor.build(self.schema, self.node, None, None, dict(given), self.operation_name)
        if not isinstance(built, LeanExecutor):
            return None
        built.variable_values = VariableValues(*map(self._of_deciding, built.variable_values))
        return built

    def _of_deciding(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: values[name] for name in self.deciding if name in values}


_LEFT_OUT = {"left out": True}


def read_document(schema: GraphQLSchema, query: str, node: DocumentNode, operation_name: str | None) -> Document | None:
    """The query in a validated document; None where it has none of that name, or it is no query."""
    operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    named = [each for each in operations if operation_name is None or (each.name and each.name.value == operation_name)]
    if len(named) != 1 or named[0].operation is not OperationType.QUERY:
        return None
    found = _Variables()
    visit(node, found)
    names = [each.variable.name.value for each in named[0].variable_definitions or ()]
    deciding, counted, cursors, conditions = (
        tuple(name for name in names if name in those)
        for those in (found.deciding, found.counted, found.cursors, found.conditions)
    )
    return Document(schema, query, node, named[0], operation_name, deciding, counted, cursors, conditions)


class _Variables(Visitor):
    """Finds the variables that decide what is asked, are counted, are cursors, and stand within conditions."""

    def __init__(self) -> None:
        super().__init__()
        self.deciding: set[str] = set()
        self.counted: set[str] = set()
        self.cursors: set[str] = set()
        self.conditions: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        for argument in node.arguments or ():
            name = argument.name.value
            if name in _DECIDING:
                self.deciding |= variable_names(argument.value)
            elif name in _COUNTED:
                self.counted |= variable_names(argument.value)
            elif name in _CURSORS:
                self.cursors |= variable_names(argument.value)
            elif name == _CONDITION:
                self.conditions |= variable_names(argument.value)

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        for argument in node.arguments or ():
            self.deciding |= variable_names(argument.value)


class _Names(Visitor):
    """Names of variables in a value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found.add(node.name.value)


def variable_names(value: Node) -> set[str]:
    """Of the variables that stand in a value."""
    names = _Names()
    visit(value, names)
    return names.found


def _number(values: Any) -> int | None:
    """None for what is no list."""
    return len(values) if isinstance(values, list) else None


def _unknown(cursor: Any) -> Any:
    """Which values of a cursor are null, which decides what is asked for; no cursor, and one left out, as they are."""
    if cursor is None or cursor is _LEFT_OUT:
        return cursor
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor))
    except (TypeError, ValueError):
        return "no cursor of ours"
    return [value is None for value in values] if isinstance(values, list) else "no cursor of ours"
