"""Features marked `served`: their values are kept with each run, for readers and exports."""

from collections.abc import Iterable
from dataclasses import dataclass

from kehu.features.declaration import Declaration
from kehu.model.problems import Problem
from kehu.model.served import SLOTS, SlotKind, slot_kind

_HOLDS: dict[SlotKind, str] = {
    "sorted": "features to order by",
    "whole": "whole numbers, amounts, truths and instants",
    "real": "floats",
    "text": "texts",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A served feature and the slot of a customer's row that holds it."""

    item: Declaration
    slot: str


def served(declarations: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """Those that are marked, in the given order."""
    return tuple(item for item in declarations if item.served is not None)


def serving_problems(declarations: Iterable[Declaration]) -> list[Problem]:
    """Marked features that no slot can hold, or for which there is none left, in the order of the files."""
    problems: list[Problem] = []
    taken: dict[SlotKind, list[str]] = {kind: [] for kind in SLOTS}
    for item in served(declarations):
        place, name, kind = item.served or item.place, item.info.name, _kind_of(item)
        if kind is None:
            said, remedy = _unfit(item)
        elif len(taken[kind]) < len(SLOTS[kind]):
            taken[kind].append(name)
            continue
        else:
            said = f"'{name}' finds no slot: {len(SLOTS[kind])} {_HOLDS[kind]} are kept at most"
            remedy = f"mark it instead of one of {', '.join(sorted(taken[kind]))}"
        problems.append(Problem(place, "feature-served", said, remedy))
    return problems


def _unfit(item: Declaration) -> tuple[str, str]:
    """What is wrong, and the remedy."""
    if slot_kind(item.info.type, is_sorted=False) is None:
        remedy = "serve a number made of it, such as its distinct values"
        return f"'{item.info.name}' is a list, which is not kept", remedy
    said = f"'{item.info.name}' holds {item.info.type.kind}s: lists are ordered by whole numbers, amounts and instants"
    return said, "write served: true"


def placed(marked: Iterable[Declaration], before: dict[str, str]) -> tuple[Placed, ...]:
    """The features, which have no problems, each in the slot it had `before` (slot by name) where that still fits.

    So another feature's mark moves no values. By name.
    """
    kinds = [(item, kind) for item in marked if (kind := _kind_of(item)) is not None]
    items = sorted(kinds, key=lambda each: each[0].info.name)
    kept = {item.info.name: slot for item, kind in items if (slot := before.get(item.info.name)) in SLOTS[kind]}
    free = {kind: [slot for slot in names if slot not in kept.values()] for kind, names in SLOTS.items()}
    return tuple(Placed(item, kept.get(item.info.name) or free[kind].pop(0)) for item, kind in items)


def _kind_of(item: Declaration) -> SlotKind | None:
    return slot_kind(item.info.type, is_sorted=item.is_sorted)
