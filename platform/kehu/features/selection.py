"""A part of the catalogue: some features and what they are made of."""

from collections.abc import Collection
from dataclasses import replace

from kehu.features.catalogue import Catalogue


def only(catalogue: Catalogue, names: Collection[str]) -> Catalogue:
    """The catalogue with those features and all that their formulas need; names it lacks are passed over."""
    wanted = set(names)
    # A formula comes after what it needs, so that one pass from the end finds everything.
    for item in reversed(catalogue.declarations):
        if item.info.name in wanted:
            wanted |= set(item.info.needs)
    return replace(catalogue, declarations=tuple(item for item in catalogue.declarations if item.info.name in wanted))
