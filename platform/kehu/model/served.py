"""Features that are kept with each run: the slots that a customer's row has for their values."""

from collections.abc import Mapping
from typing import Literal

from kehu.model.feature_types import FeatureType, Kind

SlotKind = Literal["whole", "real", "text"]

# The columns of the table are fixed: marking another feature changes no schema.
SLOTS: Mapping[SlotKind, int] = {"whole": 16, "real": 8, "text": 4}
_KINDS: Mapping[Kind, SlotKind] = {
    "integer": "whole",
    "decimal": "whole",
    "boolean": "whole",
    "instant": "whole",
    "float": "real",
    "string": "text",
}


def slot_kind(kind: FeatureType) -> SlotKind | None:
    """Where values of that type stand; None for lists, which no slot holds."""
    return _KINDS.get(kind.kind)


def slots(kind: SlotKind) -> tuple[str, ...]:
    """The slots of that kind by name, in order."""
    return tuple(f"{kind}_{number}" for number in range(1, SLOTS[kind] + 1))
