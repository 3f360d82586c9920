"""Features that are kept with each run: the slots that a customer's row has for their values."""

from collections.abc import Mapping
from typing import Literal

from kehu.model.feature_types import FeatureType, Kind

SlotKind = Literal["sorted", "whole", "real", "text"]

# The columns of the table are fixed: marking another feature changes no schema.
SLOTS: Mapping[SlotKind, tuple[str, ...]] = {
    "sorted": tuple(f"whole_{number}" for number in range(1, 5)),
    "whole": tuple(f"whole_{number}" for number in range(5, 17)),
    "real": tuple(f"real_{number}" for number in range(1, 9)),
    "text": tuple(f"text_{number}" for number in range(1, 5)),
}
_KINDS: Mapping[Kind, SlotKind] = {
    "integer": "whole",
    "decimal": "whole",
    "boolean": "whole",
    "instant": "whole",
    "float": "real",
    "string": "text",
}


def slot_kind(kind: FeatureType, *, is_sorted: bool) -> SlotKind | None:
    """Where values of that type stand; None where no slot holds them: lists, and what is to be sorted by but whole."""
    found = _KINDS.get(kind.kind)
    if is_sorted:
        return "sorted" if found == "whole" else None
    return found
