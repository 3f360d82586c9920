"""Features marked `served: true`: their values are kept with each run, for readers and exports."""

from collections.abc import Iterable
from dataclasses import dataclass

from kehu.features.declaration import Declaration
from kehu.model.problems import Problem
from kehu.model.served import SLOTS, SlotKind, slot_kind, slots

_HOLDS: dict[SlotKind, str] = {
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
    """Marked lists, and marked features for which there is no slot left, in the order of the files."""
    problems: list[Problem] = []
    taken: dict[SlotKind, list[str]] = {kind: [] for kind in SLOTS}
    for item in served(declarations):
        place = item.served or item.place
        kind = slot_kind(item.info.type)
        if kind is None:
            remedy = "serve a number made of it, such as its distinct values"
            problems.append(
                Problem(place, "feature-served", f"'{item.info.name}' is a list, which is not kept", remedy)
            )
            continue
        if len(taken[kind]) >= SLOTS[kind]:
            said = f"'{item.info.name}' finds no slot: {SLOTS[kind]} {_HOLDS[kind]} are kept at most"
            remedy = f"mark it instead of one of {', '.join(sorted(taken[kind]))}"
            problems.append(Problem(place, "feature-served", said, remedy))
            continue
        taken[kind].append(item.info.name)
    return problems


def placed(marked: Iterable[Declaration], before: dict[str, str]) -> tuple[Placed, ...]:
    """The features, which have no problems, each in the slot it had `before` (slot by name) where that still fits.

    So another feature's mark moves no values. By name.
    """
    items = sorted(marked, key=lambda item: item.info.name)
    kept = {item.info.name: slot for item in items if (slot := before.get(item.info.name)) in _slots_for(item)}
    free = {kind: [slot for slot in slots(kind) if slot not in kept.values()] for kind in SLOTS}
    found = []
    for item in items:
        kind = slot_kind(item.info.type)
        if kind is not None:
            found.append(Placed(item, kept.get(item.info.name) or free[kind].pop(0)))
    return tuple(found)


def _slots_for(item: Declaration) -> tuple[str, ...]:
    kind = slot_kind(item.info.type)
    return () if kind is None else slots(kind)
