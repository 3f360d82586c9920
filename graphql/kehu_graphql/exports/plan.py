"""From the query of an export to the queries that read it page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    print_ast,
    validate,
)

from kehu.model.problems import Place, Problem, RefusedError
from kehu_graphql.limits import LIMIT_RULES, MAX_CHARACTERS, MAX_TOKENS

ROOT_PAGE, NESTED_PAGE = 100, 200
# Fragments stand in their places in what is asked page by page; in one another they would multiply.
MAX_SELECTIONS = 2000
_PAGING = {"first", "after", "last", "before"}
_PLACE = Place("input.query")


@dataclass(frozen=True, slots=True)
class NestedList:
    """A list in each row: its key there, and what reads on from `$after` in the row with `$id`, as `node.rest`.

    The rows of a list that has a `name` of its own say it.
    """

    key: str
    name: str | None
    rest: str


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """`page` reads `$first` rows behind `$after`, as `rows`; of each nested list it brings the beginning."""

    page: str
    nested: tuple[NestedList, ...]


def export_plan(schema: GraphQLSchema, query: str) -> ExportPlan:
    """What to ask. Raises RefusedError for a query that is not one connection read whole."""
    document = _valid(schema, query)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise _refusal("no-query", "there must be one operation, and it a query", "write { customers { nodes { … } } }")
    if operations[0].variable_definitions:
        raise _refusal("has-variables", "an export takes no variables", "write their values into the query")
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    count = _unfolded(operations[0].selection_set, fragments, {})
    if count > MAX_SELECTIONS:
        said = f"with its fragments unfolded the query selects {count:,} fields"
        raise _refusal("too-many-fields", said, f"select {MAX_SELECTIONS:,} at most")
    selected = _inlined(operations[0].selection_set, fragments).selections
    (root, *others) = selected
    known = schema.query_type.fields if schema.query_type else {}
    definition = known.get(root.name.value) if isinstance(root, FieldNode) else None
    if others or definition is None or not isinstance(root, FieldNode) or not _is_connection(definition.type):
        raise _refusal("no-connection", "the query must have one root field, a connection", "such as 'customers'")
    return _Planner(schema, root).plan(get_named_type(definition.type))


class _Planner:
    """One connection, whose fragments stand in their places."""

    def __init__(self, schema: GraphQLSchema, root: FieldNode) -> None:
        self._schema, self._root = schema, root
        self._nested: list[NestedList] = []

    def plan(self, connection: GraphQLNamedType) -> ExportPlan:
        row = _row_type(connection)
        selected = _row_selection(self._root)
        inner = self._rows(selected, row, row)
        _refuse_taken_names(selected, {"__typename", "id"} if self._nested else {"__typename"})
        known = " id" if self._nested else ""
        page = f"pageInfo {{ hasNextPage endCursor }} nodes {{ __typename{known} {inner} }}"
        given = _arguments(self._root, "first: $first, after: $after")
        text = f"query($first: Int!, $after: String) {{ rows: {self._root.name.value}{given} {{ {page} }} }}"
        return ExportPlan(text, tuple(self._nested))

    def _rows(self, selected: SelectionSetNode, kind: GraphQLNamedType, row: GraphQLObjectType) -> str:
        return " ".join(self._one(node, kind, row) for node in selected.selections)

    def _one(self, node: SelectionNode, kind: GraphQLNamedType, row: GraphQLObjectType) -> str:
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            inner = self._rows(node.selection_set, kind, row)
            given = " ".join(print_ast(each) for each in node.directives or ())
            return f"... {'' if condition is None else f'on {condition.name.value} '}{given} {{ {inner} }}"
        if not isinstance(node, FieldNode) or not isinstance(kind, GraphQLObjectType):
            return print_ast(node)
        definition = kind.fields.get(node.name.value)
        if definition is None or node.selection_set is None:
            return print_ast(node)
        child = get_named_type(definition.type)
        if _is_connection(definition.type):
            return self._list(node, child, kind, row)
        if _lists(node.selection_set, child):
            raise _refusal("deep-list", f"'{node.name.value}' holds a list", "export that list in a query of its own")
        return print_ast(node)

    def _list(self, node: FieldNode, child: GraphQLNamedType, kind: GraphQLNamedType, row: GraphQLObjectType) -> str:
        name = node.name.value
        selected = _row_selection(node)
        if kind is not row or "id" not in row.fields or _lists(selected, _row_type(child)):
            raise _refusal("deep-list", f"'{name}' holds a list", "export that list in a query of its own")
        _refuse_taken_names(selected, {"__typename"})
        rows = " ".join(print_ast(each) for each in selected.selections)
        page = f"{{ pageInfo {{ hasNextPage endCursor }} nodes {{ __typename {rows} }} }}"
        own = node.alias.value if node.alias else None
        key = own or name
        if any(each.key == key for each in self._nested):
            raise _refusal("list-twice", f"'{key}' stands twice in a row", "select it once, or give each an alias")
        rest = f"rest: {name}{_arguments(node, f'first: {NESTED_PAGE}, after: $after')} {page}"
        text = f"query($id: ID!, $after: String!) {{ node(id: $id) {{ ... on {row.name} {{ {rest} }} }} }}"
        self._nested.append(NestedList(key, own, text))
        return f"{key}: {name}{_arguments(node, f'first: {NESTED_PAGE}')} {page}"


def _valid(schema: GraphQLSchema, query: str) -> DocumentNode:
    if len(query) > MAX_CHARACTERS:
        said = f"the query has {len(query):,} characters"
        raise _refusal("too-long", said, f"write {MAX_CHARACTERS:,} at most: select less, or list fewer values")
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise _refusal("bad-query", error.message, "try it in the query page") from error
    errors = validate(schema, document, LIMIT_RULES) or validate(schema, document)
    problems = [_problem("bad-query", error.message, "try it in the query page") for error in errors]
    if problems:
        raise RefusedError(problems)
    return document


def _unfolded(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]
) -> int:
    """Selections where named fragments are unfolded; `known` are the fragments counted before."""
    count = 0
    for node in () if selected is None else selected.selections:
        count += 1
        if isinstance(node, FieldNode | InlineFragmentNode):
            count += _unfolded(node.selection_set, fragments, known)
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in known:
                known[name] = _unfolded(fragments[name].selection_set, fragments, known)
            count += known[name]
    return count


def _inlined(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> SelectionSetNode:
    """The selection with named fragments where they are spread; the document is valid, so none spreads itself."""
    return SelectionSetNode(selections=tuple(_inlined_one(node, fragments) for node in selected.selections))


def _inlined_one(node: SelectionNode, fragments: dict[str, FragmentDefinitionNode]) -> SelectionNode:
    if isinstance(node, FragmentSpreadNode):
        fragment = fragments[node.name.value]
        inner = _inlined(fragment.selection_set, fragments)
        return InlineFragmentNode(
            type_condition=fragment.type_condition, directives=node.directives, selection_set=inner
        )
    if isinstance(node, InlineFragmentNode):
        inner = _inlined(node.selection_set, fragments)
        return InlineFragmentNode(type_condition=node.type_condition, directives=node.directives, selection_set=inner)
    if isinstance(node, FieldNode) and node.selection_set is not None:
        inner = _inlined(node.selection_set, fragments)
        return FieldNode(
            alias=node.alias, name=node.name, arguments=node.arguments, directives=node.directives, selection_set=inner
        )
    return node


def _is_connection(kind: GraphQLOutputType) -> bool:
    return get_named_type(kind).name.endswith("Connection")


def _row_type(connection: GraphQLNamedType) -> GraphQLObjectType:
    nodes = connection.fields["nodes"].type if isinstance(connection, GraphQLObjectType) else None
    kind = None if nodes is None else get_named_type(nodes)
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"'{connection.name}' has no nodes of one type")
    return kind


def _row_selection(field: FieldNode) -> SelectionSetNode:
    """What is selected of `nodes`, or of `edges { node }`."""
    inner = _only(field.selection_set, {"nodes", "edges"}, field.name.value)
    if inner.name.value == "edges":
        inner = _only(inner.selection_set, {"node"}, "edges")
    return inner.selection_set or SelectionSetNode(selections=())


def _only(selected: SelectionSetNode | None, names: set[str], of: str) -> FieldNode:
    nodes: Sequence[SelectionNode] = () if selected is None else selected.selections
    if len(nodes) == 1 and isinstance(nodes[0], FieldNode) and nodes[0].name.value in names and not nodes[0].alias:
        return nodes[0]
    raise _refusal("more-than-rows", f"of '{of}' an export takes the rows alone", f"write {of} {{ nodes {{ … }} }}")


def _refuse_taken_names(selected: SelectionSetNode, taken: set[str]) -> None:
    """What the export itself says of a row is no other field's name; nor is what begins with two underscores."""
    for node in selected.selections:
        if isinstance(node, InlineFragmentNode):
            _refuse_taken_names(node.selection_set, taken)
        elif isinstance(node, FieldNode) and node.alias and node.alias.value != node.name.value:
            alias = node.alias.value
            if alias in taken or alias.startswith("__"):
                said = f"'{alias}' is what the export itself says of a row"
                raise _refusal("taken-name", said, f"choose another alias for '{node.name.value}'")


def _arguments(field: FieldNode, paging: str) -> str:
    """The field's own arguments and those for its pages."""
    if field.directives:
        raise _refusal(
            "directive", f"'{field.name.value}' has a directive", "an export takes the whole list: leave it out"
        )
    for argument in field.arguments or ():
        if argument.name.value in _PAGING:
            said = f"'{field.name.value}' has '{argument.name.value}'"
            raise _refusal("paged", said, "an export reads the whole list: leave it out")
    own = [print_ast(argument) for argument in field.arguments or ()]
    return f"({', '.join([*own, paging])})"


def _lists(selected: SelectionSetNode | None, kind: GraphQLNamedType) -> bool:
    """Whether a connection stands somewhere within."""
    for node in () if selected is None else selected.selections:
        if isinstance(node, InlineFragmentNode):
            found = _lists(node.selection_set, kind)
        elif isinstance(node, FieldNode) and node.selection_set and isinstance(kind, GraphQLObjectType):
            child = kind.fields[node.name.value].type
            found = _is_connection(child) or _lists(node.selection_set, get_named_type(child))
        else:
            found = False
        if found:
            return True
    return False


def _problem(check: str, message: str, remedy: str) -> Problem:
    return Problem(_PLACE, check, message, remedy)


def _refusal(check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([_problem(check, message, remedy)])
