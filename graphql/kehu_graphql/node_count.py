"""How many nodes a query may bring back at most, from its page sizes alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
)

from kehu_graphql.connections import DEFAULT_FIRST, MAX_FIRST

# Lists without a page size (levels of a rule set, segments of a customer) are short: counted as this many.
SHORT_LIST = 10

Composite = GraphQLObjectType | GraphQLInterfaceType


def count_nodes(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> int:
    """Entries of lists, each times the entries of the lists it stands in; 0 when the operation is unknown.

    A list's size is its `first` or `last` (20 without), the length of its `ids`, or SHORT_LIST.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and _is_named(node, operation_name):
            root = schema.get_root_type(node.operation)
            defaults = {item.variable.name.value: item.default_value for item in node.variable_definitions or ()}
            counter = _Counter(schema, fragments, variables, defaults)
            return 0 if root is None else counter.selection(node.selection_set, root)
    return 0


def _is_named(node: OperationDefinitionNode, name: str | None) -> bool:
    return name is None or (node.name is not None and node.name.value == name)


@dataclass(frozen=True, slots=True)
class _Counter:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    defaults: Mapping[str, ValueNode | None]
    counted: dict[str, int] = field(default_factory=dict)

    def selection(self, selected: SelectionSetNode | None, parent: Composite) -> int:
        nodes = 0
        for node in () if selected is None else selected.selections:
            if isinstance(node, FragmentSpreadNode):
                nodes += self._fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = parent if node.type_condition is None else self._composite(node.type_condition.name.value)
                nodes += self.selection(node.selection_set, condition or parent)
            elif isinstance(node, FieldNode):
                nodes += self._field(node, parent)
        return nodes

    def _fragment(self, name: str) -> int:
        if name not in self.counted:
            fragment = self.fragments[name]
            parent = self._composite(fragment.type_condition.name.value)
            self.counted[name] = 0 if parent is None else self.selection(fragment.selection_set, parent)
        return self.counted[name]

    def _field(self, node: FieldNode, parent: Composite) -> int:
        definition = parent.fields.get(node.name.value)
        if definition is None:
            return 0
        child = get_named_type(definition.type)
        if not isinstance(child, Composite):
            return 0
        inner = self.selection(node.selection_set, child)
        if "first" in definition.args or "ids" in definition.args:
            size = self._size(node)
        elif _is_list(definition.type) and not parent.name.endswith("Connection"):
            size = SHORT_LIST
        else:
            return inner
        return size + size * inner

    def _size(self, node: FieldNode) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = [self._number(given[name]) for name in ("first", "last", "ids") if name in given]
        known = [size for size in sizes if size is not None]
        return max(known) if known else DEFAULT_FIRST

    def _number(self, value: ValueNode | None) -> int | None:
        """Bad sizes are another check's to refuse: here they count as the most that is allowed."""
        if isinstance(value, VariableNode):
            name = value.name.value
            if name not in self.variables:
                return self._number(self.defaults.get(name))
            return _clamped(self.variables[name])
        if isinstance(value, IntValueNode):
            return _clamped(int(value.value))
        return _clamped(len(value.values)) if isinstance(value, ListValueNode) else None

    def _composite(self, name: str) -> Composite | None:
        found = self.schema.get_type(name)
        return found if isinstance(found, Composite) else None


def _clamped(value: object) -> int | None:
    size = len(value) if isinstance(value, list) else value
    if size is None:
        return None
    return min(max(size, 0), MAX_FIRST) if isinstance(size, int) else MAX_FIRST


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)
