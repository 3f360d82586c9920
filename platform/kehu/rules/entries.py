"""The levels and warnings of a rule file, read in the right shape; their conditions are still text."""

from dataclasses import dataclass
from datetime import timedelta

from kehu.model.feature_types import Label
from kehu.model.problems import Place
from kehu.model.yaml_nodes import Mapping, Node, Scalar
from kehu.rules.keeping import (
    KEEPING_KEYS,
    NOT_KEPT,
    Keeping,
    read_condition,
    read_keeping,
    read_length,
    refuse_for_the_rest,
)
from kehu.rules.shapes import Shapes
from kehu.rules.treatments import read_treatment
from kehu.rules.variants import Variant, chosen, read_variants

SEVERITIES = ("low", "medium", "high")
LONGEST_REASON = 1_000

_LEVEL_KEYS = ("level", "label", "when", "otherwise", "variants", "treatment", *KEEPING_KEYS)
_WARNING_KEYS = ("warning", "label", "when", "variants", "severity", "route", "reason", "cooldown")
_WARNING_NEEDS = ("warning", "when", "severity", "route", "reason")


@dataclass(frozen=True, slots=True)
class Entry:
    """A level or a warning. `when` is None where the level takes the rest, or where it is wrong."""

    code: str
    label: Label
    when: Scalar | None
    place: Place
    otherwise: bool = False
    treatment: object = None
    severity: str = ""
    route: tuple[str, ...] = ()
    reason: Scalar | None = None
    cooldown: timedelta = timedelta()
    keeping: Keeping = NOT_KEPT
    variants: tuple[Variant, ...] = ()

    @property
    def condition(self) -> str | None:
        """What makes a customer enter: that of its variant, or `when`."""
        return chosen(self.variants, lambda variant: variant.when, self.when)

    @property
    def keep_condition(self) -> str | None:
        """What lets a customer that holds the level keep it: None where the level's own condition does."""
        own = self.keeping.condition
        if own is None and not any(variant.keep for variant in self.variants):
            return None
        return chosen(
            self.variants, lambda variant: variant.keep or (variant.when if own is None else None), own or self.when
        )

    @property
    def written(self) -> tuple[Scalar, ...]:
        """Every condition as it stands in the file."""
        own = (self.when, self.keeping.condition)
        return (
            *(each for each in own if each is not None),
            *(each for item in self.variants for each in item.conditions),
        )


def read_level(node: Node, shapes: Shapes) -> Entry | None:
    """A level of a tier or flag."""
    found = shapes.mapping(node, "a level", _LEVEL_KEYS, ("level",))
    if found is None:
        return None
    code = shapes.code(found.get("level"), "the code of a level")
    label = shapes.label(found.get("label"), found.place, f"level '{code}'")
    when, otherwise = found.get("when"), found.get("otherwise")
    if (when is None) == (otherwise is None):
        said = f"level '{code}' needs either 'when' or 'otherwise: true'"
        shapes.note(found.place, "level-condition", said, "write one of the two")
    check_rest(found, shapes)
    return Entry(
        code,
        label,
        read_condition(when, shapes),
        place_of(found, "level"),
        otherwise is not None,
        read_treatment(found.get("treatment"), shapes),
        keeping=read_keeping(found, shapes),
        variants=read_variants(found.get("variants"), shapes, keeps=True),
    )


def check_rest(found: Mapping, shapes: Shapes) -> None:
    """Note an 'otherwise' that is not true, and what cannot stand beside it."""
    otherwise = found.get("otherwise")
    if otherwise is None:
        return
    if not (isinstance(otherwise, Scalar) and otherwise.text == "true"):
        shapes.note(otherwise.place, "level-condition", "'otherwise' can only be true", "write 'otherwise: true'")
    refuse_for_the_rest(found, ("variants", *KEEPING_KEYS, "keep_at_least"), shapes)


def read_warning(node: Node, shapes: Shapes) -> Entry | None:
    """A warning."""
    found = shapes.mapping(node, "a warning", _WARNING_KEYS, _WARNING_NEEDS)
    if found is None:
        return None
    code = shapes.code(found.get("warning"), "the code of a warning")
    label = shapes.label(found.get("label"), found.place, f"warning '{code}'")
    severity = shapes.word(found.get("severity"), "a severity", SEVERITIES)
    route_node = found.get("route")
    route = tuple(shapes.code(item, "a department") for item in shapes.items(route_node, "'route'"))
    if route_node is not None and not route:
        shapes.note(route_node.place, "missing-route", f"warning '{code}' goes to nobody", "name a department")
    reason = _reason(found.get("reason"), shapes)
    return Entry(
        code,
        label,
        read_condition(found.get("when"), shapes),
        place_of(found, "warning"),
        severity=severity,
        route=route,
        reason=reason,
        cooldown=read_length(found.get("cooldown"), shapes, "bad-cooldown"),
        variants=read_variants(found.get("variants"), shapes, keeps=False),
    )


def place_of(mapping: Mapping, key: str) -> Place:
    """Where the key's value stands; the mapping where there is none."""
    node = mapping.get(key)
    return mapping.place if node is None else node.place


def _reason(node: Node | None, shapes: Shapes) -> Scalar | None:
    text = shapes.text(node, "a reason")
    if node is not None and len(text) > LONGEST_REASON:
        said = f"a reason of {len(text):,} characters is too long to read"
        shapes.note(node.place, "wrong-shape", said, f"say it in at most {LONGEST_REASON:,}")
        return None
    return node if isinstance(node, Scalar) else None
