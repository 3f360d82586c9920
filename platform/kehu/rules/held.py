"""What a customer of an example or a case holds already, as its writer says it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from kehu.model.yaml_nodes import Items, Mapping, Node, Scalar
from kehu.rules.keeping import LONGEST, read_length
from kehu.rules.shapes import Shapes

HELD_KEYS = ("level", "since", "below")


@dataclass(frozen=True, slots=True)
class HeldLevel:
    """A level entered `since` ago; its condition has been unmet for `below`, nothing where it still was met."""

    code: str
    since: timedelta = LONGEST
    below: timedelta = timedelta()


def read_held(node: Node | None, kind: str, codes: Iterable[str], shapes: Shapes) -> tuple[HeldLevel, ...]:
    """A level, `{level: vip, since: 40 days, below: 10 days}`, or of a flag a list of such."""
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    nodes = node.nodes if isinstance(node, Items) else (node,)
    if kind == "warning":
        shapes.note(node.place, "wrong-shape", "a warning is not held", "remove 'held'")
        return ()
    if kind == "tier" and len(nodes) > 1:
        shapes.note(node.place, "wrong-shape", "of a tier one level is held", "write one level")
    known = tuple(codes)
    found = (_held(each, known, shapes) for each in nodes)
    return tuple(each for each in found if each is not None)


def _held(node: Node, codes: Iterable[str], shapes: Shapes) -> HeldLevel | None:
    if isinstance(node, Scalar):
        return HeldLevel(shapes.word(node, "a level of this rule set", codes))
    found = shapes.mapping(node, "a held level", HELD_KEYS, ("level",))
    if not isinstance(found, Mapping):
        return None
    code = shapes.word(found.get("level"), "a level of this rule set", codes)
    since = read_length(found.get("since"), shapes, "example-value") or LONGEST
    below = read_length(found.get("below"), shapes, "example-value")
    if below > since:
        shapes.note(
            found.entries["below"].place, "example-value", "it was below before it was entered", "make 'below' shorter"
        )
    return HeldLevel(code, since, below)
