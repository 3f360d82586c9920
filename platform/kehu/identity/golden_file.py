"""What rules/identity.yaml says of golden records: which value of a field survives, which systems are trusted."""

from collections.abc import Collection, Iterable
from typing import cast

from kehu.identity.rules import CHOICES, GOLDEN_FIELDS, Choice, Survivorship
from kehu.model.problems import Place
from kehu.model.yaml_nodes import Items, Mapping, Node
from kehu.rules.shapes import Shapes

GOLDEN_KEYS = ("take", "priority")
_TRUST = "add 'priority: [finance, crm]', the most trusted system first"


def read_golden(top: Mapping, systems: Collection[str], shapes: Shapes) -> dict[str, Survivorship]:
    """Survivorship by field, as the file's `golden` and `priority` say; `systems` are those known, none unchecked."""
    common = _priority(top.get("priority"), systems, shapes)
    node = top.get("golden")
    table = None if node is None else shapes.mapping(node, "'golden'", GOLDEN_FIELDS, ())
    found: dict[str, Survivorship] = {}
    for field in GOLDEN_FIELDS:
        said = table.get(field) if table else None
        body = None if said is None else shapes.mapping(said, f"what is said of '{field}'", GOLDEN_KEYS, ("take",))
        if body is not None:
            found[field] = _survivorship(field, body, common, systems, shapes)
    return found


def _survivorship(
    field: str, body: Mapping, common: tuple[str, ...], systems: Collection[str], shapes: Shapes
) -> Survivorship:
    node = body.get("take")
    nodes = () if node is None else node.nodes if isinstance(node, Items) else (node,)
    if isinstance(node, Items) and not nodes:
        shapes.note(node.place, "wrong-shape", "'take' names nothing", f"name some of {', '.join(CHOICES)}")
    take = _each_once(((shapes.word(item, "a way to choose", CHOICES), item.place) for item in nodes), shapes)
    own = body.get("priority")
    trusted = common if own is None else _priority(own, systems, shapes)
    if own is not None and "priority" not in take:
        said = f"'{field}' does not take its values by priority"
        shapes.note(body.keys["priority"].place, "unknown-key", said, "write 'take: priority', or remove it")
    if own is None and not common and "priority" in take:
        shapes.note(body.place, "missing-key", f"no 'priority' says which systems '{field}' trusts", _TRUST)
    return Survivorship(cast("tuple[Choice, ...]", take), trusted if "priority" in take else ())


def _priority(node: Node | None, systems: Collection[str], shapes: Shapes) -> tuple[str, ...]:
    items = shapes.items(node, "'priority'")
    if node is not None and isinstance(node, Items) and not items:
        shapes.note(node.place, "wrong-shape", "'priority' names no system", _TRUST)
    what = "a system of the sources"
    return _each_once(
        (
            (shapes.word(item, what, sorted(systems)) if systems else shapes.text(item, what), item.place)
            for item in items
        ),
        shapes,
    )


def _each_once(said: Iterable[tuple[str, Place]], shapes: Shapes) -> tuple[str, ...]:
    first: dict[str, Place] = {}
    for text, place in said:
        if text in first:
            remedy = f"the first is in column {first[text].column} of line {first[text].line}"
            shapes.note(place, "duplicate-code", f"'{text}' stands here twice", remedy)
        elif text:
            first[text] = place
    return tuple(first)
