"""How long a level is kept once it is held: a softer condition, a grace, a minimum stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from kehu.model.durations import parse_duration
from kehu.model.yaml_nodes import Mapping, Node, Scalar
from kehu.rules.shapes import Shapes

KEEPING_KEYS = ("keep_while", "grace", "minimum_stay")
# Added to or taken from any instant that data have, it stays within the years there are.
LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What lets a customer that holds a level go on holding it.

    `condition` takes the place of the level's own once it is held. Where neither is met, the level is still kept
    before `grace` has passed since that was first seen, and before `minimum_stay` has passed since it was entered.
    """

    condition: Scalar | None = None
    grace: timedelta = timedelta()
    minimum_stay: timedelta = timedelta()

    def __bool__(self) -> bool:
        """Whether it makes any difference who holds the level already."""
        return self.condition is not None or bool(self.grace or self.minimum_stay)


NOT_KEPT = Keeping()


def read_keeping(found: Mapping, shapes: Shapes) -> Keeping:
    """The keys of KEEPING_KEYS in a level."""
    return Keeping(
        read_condition(found.get("keep_while"), shapes, "keep_while"),
        read_length(found.get("grace"), shapes, "bad-keeping"),
        read_length(found.get("minimum_stay"), shapes, "bad-keeping"),
    )


def read_length(node: Node | None, shapes: Shapes, check: str) -> timedelta:
    """A length of time as '30 days', LONGEST at most; none where it is absent, or wrong, which is noted."""
    if node is None:
        return timedelta()
    text = node.text if isinstance(node, Scalar) else "this"
    try:
        length = parse_duration(text)
    except ValueError:
        shapes.note(node.place, check, f"'{text}' is no length of time", "write for example '30 days'")
        return timedelta()
    if length <= LONGEST:
        return length
    shapes.note(node.place, check, f"'{text}' is longer than a century", f"write at most '{LONGEST.days} days'")
    return timedelta()


def read_condition(node: Node | None, shapes: Shapes, key: str = "when") -> Scalar | None:
    """The condition's text. YAML takes [..] and {..} for its own, so those come as lists and mappings."""
    if node is None:
        return None
    if isinstance(node, Scalar) and not node.is_null:
        return node
    said = "the condition is missing" if isinstance(node, Scalar) else "YAML reads this condition as a list or mapping"
    shapes.note(node.place, "condition-shape", said, f"write it after '{key}: |' on a line of its own")
    return None


def refuse_for_the_rest(found: Mapping, keys: Iterable[str], shapes: Shapes) -> None:
    """Note what a level that takes the rest cannot have: whoever is left over is in it, and nobody else."""
    for key in keys:
        if key in found.entries:
            said = f"a level that takes the rest has no '{key}'"
            shapes.note(found.keys[key].place, "level-condition", said, "remove it, or give the level a 'when'")
