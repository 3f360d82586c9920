"""How much one document may ask for: its form, and how many nodes it may bring back."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
)
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from kehu_graphql.failures import LIMIT_EXCEEDED, ExpectedError
from kehu_graphql.node_count import count_nodes

MAX_CHARACTERS = 50_000
MAX_TOKENS = 2000
# Python makes no number of more than 4,300 digits.
MAX_DIGITS = 400
MAX_DEPTH = 15
MAX_ALIASES = 50
MAX_ROOT_FIELDS = 30
MAX_DIRECTIVES = 30
# Whether fields of one name agree is found by comparing each with each.
MAX_REPEATS = 30
MAX_NODES = 100_000


class FormLimit(ASTValidationRule):
    """Refuses documents that are too deep, or rename, repeat or decorate too much. Introspection is not counted."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._aliases = 0
        self._directives = 0
        self._repeats = 0
        self._depths: dict[str, int] = {}
        self._field_counts: dict[str, int] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._aliases += node.alias is not None

    def enter_directive(self, _node: DirectiveNode, *_: Any) -> None:
        self._directives += 1

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        names = Counter((each.alias or each.name).value for each in node.selections if isinstance(each, FieldNode))
        self._repeats = max(self._repeats, *names.values(), 0)

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        self._refuse_over(MAX_DIGITS, len(node.value), "digits in a number")

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self._refuse_over(MAX_DEPTH, self._depth(node.selection_set), "levels of fields")
        self._refuse_over(MAX_ROOT_FIELDS, self._fields(node.selection_set), "root fields")

    def leave_document(self, *_: Any) -> None:
        self._refuse_over(MAX_ALIASES, self._aliases, "aliases")
        self._refuse_over(MAX_DIRECTIVES, self._directives, "directives")
        self._refuse_over(MAX_REPEATS, self._repeats, "fields of one name side by side")

    def _refuse_over(self, limit: int, found: int, what: str) -> None:
        if found > limit:
            message = f"the query has {found} {what}; at most {limit} are taken, split it"
            self.report_error(ExpectedError(message, LIMIT_EXCEEDED))

    def _depth(self, selected: SelectionSetNode | None) -> int:
        deepest = 0
        for node in () if selected is None else selected.selections:
            if isinstance(node, FragmentSpreadNode):
                deepest = max(deepest, self._of_fragment(self._depths, node.name.value, self._depth))
            elif isinstance(node, InlineFragmentNode):
                deepest = max(deepest, self._depth(node.selection_set))
            elif isinstance(node, FieldNode) and not node.name.value.startswith("__"):
                deepest = max(deepest, 1 + self._depth(node.selection_set))
        return deepest

    def _fields(self, selected: SelectionSetNode | None) -> int:
        fields = 0
        for node in () if selected is None else selected.selections:
            if isinstance(node, FragmentSpreadNode):
                fields += self._of_fragment(self._field_counts, node.name.value, self._fields)
            elif isinstance(node, InlineFragmentNode):
                fields += self._fields(node.selection_set)
            else:
                fields += 1
        return fields

    def _of_fragment(self, known: dict[str, int], name: str, measure: Callable[[SelectionSetNode | None], int]) -> int:
        """Measured once; 0 inside itself, which another rule refuses."""
        if name not in known:
            known[name] = 0
            fragment = self.context.get_fragment(name)
            known[name] = 0 if fragment is None else measure(fragment.selection_set)
        return known[name]


class NodeLimit(SchemaExtension):
    """Refuses, before anything is read, a query whose page sizes multiply to too many nodes.

    Also one of several operations without a name, where Strawberry would run the first.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def on_execute(self) -> Iterator[None]:
        refusal = self._refusal()
        # What a subscription is answered with cannot be set beforehand; it counts what each event may bring.
        if refusal is not None and self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            raise refusal
        if refusal is not None:
            self.execution_context.result = ExecutionResult(data=None, errors=[refusal])
        yield

    def _refusal(self) -> ExpectedError | None:
        context = self.execution_context
        if context.graphql_document is None:
            return None
        # The public property names the first operation when the client named none.
        name = context._provided_operation_name  # noqa: SLF001
        definitions = context.graphql_document.definitions
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        if name is None and len(operations) > 1:
            names = ", ".join(f"'{node.name.value}'" for node in operations if node.name)
            return ExpectedError(f"the document has several operations; choose with operationName: {names}")
        nodes = count_nodes(self._schema, context.graphql_document, name, context.variables or {})
        if nodes <= MAX_NODES:
            return None
        message = (
            f"the query may bring {nodes:,} nodes, the product of its page sizes; at most {MAX_NODES:,} are "
            "taken: lower 'first', or ask for inner lists in queries of their own"
        )
        return ExpectedError(message, LIMIT_EXCEEDED, nodes=nodes)


# Asked before all others: some of those compare every field with every other.
LIMIT_RULES: tuple[type[ASTValidationRule], ...] = (FormLimit,)
