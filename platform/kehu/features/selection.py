"""A part of the catalogue: some features and what they are made of."""

from collections.abc import Collection
from dataclasses import replace

from kehu.features.catalogue import Catalogue
from kehu.features.declaration import Declaration


def only(catalogue: Catalogue, names: Collection[str]) -> Catalogue:
    """The catalogue with those features and all that their formulas need; names it lacks are passed over."""
    wanted = set(names)
    # A formula comes after what it needs, so that one pass from the end finds everything.
    for item in reversed(catalogue.declarations):
        if item.info.name in wanted:
            wanted |= set(item.info.needs)
    return replace(catalogue, declarations=tuple(item for item in catalogue.declarations if item.info.name in wanted))


def counting(catalogue: Catalogue) -> list[Declaration]:
    """The features that count events."""
    return [item for item in catalogue.declarations if item.stream is not None]


def pass_of(item: Declaration) -> tuple[str, str]:
    """The kind of event that a feature counts and the role of its customer in it: such are counted together."""
    return (item.stream.name if item.stream else "", item.role)
