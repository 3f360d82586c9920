"""What a level may grant: the known treatments and the shape of each."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from kehu.model.graph import SENIORITIES
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, Scalar, as_value, unknown_keys
from kehu.rules.shapes import Shapes

_DURATION = re.compile(r"[1-9][0-9]* (?:minute|hour|day|week)s?")


def read_treatment(node: Node | None, shapes: Shapes) -> Mapping[str, object]:
    """The level's treatments by name; empty when it grants none."""
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        shapes.note(node.place, "wrong-shape", "a treatment must be a mapping", "such as {visit_every: 30 days}")
        return {}
    shapes.problems += unknown_keys(node, set(TREATMENTS), "unknown-treatment")
    for name, value in node.entries.items():
        fits, wanted = TREATMENTS.get(name, (lambda _value: True, ""))
        if not isinstance(value, Scalar) or not fits(value):
            written = value.text if isinstance(value, Scalar) else "this"
            shapes.note(value.place, "treatment-shape", f"'{written}' does not fit '{name}'", f"write {wanted}")
    return {name: as_value(value) for name, value in node.entries.items()}


def _is_duration(value: Scalar) -> bool:
    return _DURATION.fullmatch(value.text) is not None


def _is_share(value: Scalar) -> bool:
    try:
        share = Decimal(value.text)
    except InvalidOperation:
        return False
    return value.style is None and share.is_finite() and 0 <= share <= 1


# Name: does the value fit, and what to write.
TREATMENTS: dict[str, tuple[Callable[[Scalar], bool], str]] = {
    "owner": (lambda value: value.text in SENIORITIES, f"one of {', '.join(SENIORITIES)}"),
    "visit_every": (_is_duration, "a duration such as '30 days'"),
    "complaint_response": (_is_duration, "a duration such as '2 hours'"),
    "discount": (_is_share, "a share between 0 and 1 such as 0.15"),
    "pilot": (lambda value: value.style is None and value.text in {"true", "false"}, "true or false"),
    "care": (lambda value: bool(value.text.strip()), "a sentence for the people who care"),
}
