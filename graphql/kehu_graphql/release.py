"""What the schema took from clients since the last release: `python -m kehu_graphql.release` keeps the promise anew."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    REMOVE,
    BreakingChangeType,
    DirectiveNode,
    DocumentNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    VisitorAction,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    parse,
    visit,
)
from graphql.language import Visitor

from kehu_graphql.snapshot import SNAPSHOT, sdl

RELEASED = SNAPSHOT.parents[1] / "released.graphql"
_REMEDY = "give it back, or first release it with a deprecation_reason that says what to use instead"


def broken_promises(released: str, present: str) -> list[str]:
    """What clients of the released schema cannot do any more; what it had deprecated may go.

    A type may go once nothing but deprecated fields led to it.
    """
    promised = visit(parse(released), _Undeprecated())
    kept = _reachable(promised)
    changes = find_breaking_changes(build_ast_schema(promised, assume_valid=True), build_schema(present))
    gone = {f"{name} was removed." for name in _types(promised) if name not in kept}
    return [
        f"{change.description.rstrip('.')}: {_REMEDY}"
        for change in changes
        if change.type is not BreakingChangeType.TYPE_REMOVED or change.description not in gone
    ]


class _Undeprecated(Visitor):
    """Leaves out what is deprecated."""

    def enter(self, node: Node, *_: object) -> VisitorAction:
        if isinstance(node, (FieldDefinitionNode, InputValueDefinitionNode, EnumValueDefinitionNode)):
            return REMOVE if _is_deprecated(node.directives or ()) else None
        return None


def _is_deprecated(directives: tuple[DirectiveNode, ...]) -> bool:
    return any(directive.name.value == "deprecated" for directive in directives)


def _types(document: DocumentNode) -> Iterator[str]:
    return (node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode))


def _reachable(document: DocumentNode) -> set[str]:
    """Names of types that a field, an argument or a union leads to, and objects of such an interface."""
    led_to = _Referred()
    visit(document, led_to)
    objects = [node for node in document.definitions if isinstance(node, ObjectTypeDefinitionNode)]
    kinds = {
        node.name.value for node in objects if any(kind.name.value in led_to.names for kind in node.interfaces or ())
    }
    return led_to.names | kinds | {"Query", "Mutation", "Subscription"}


class _Referred(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_named_type(self, node: NamedTypeNode, *place: Any) -> None:
        _, _, path, _ = place
        if "interfaces" not in path:
            self.names.add(node.name.value)


def main() -> None:
    """Make the schema as it is now the released one; whoever releases runs it."""
    RELEASED.write_text(sdl(), encoding="utf-8")


if __name__ == "__main__":
    main()
