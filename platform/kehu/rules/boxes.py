"""Sets of customers by the values of several features: unions of boxes, each a region for some features."""

from collections.abc import Callable, Iterable, Mapping

from kehu.rules.regions import Region

# A feature that a box does not name may have any value.
Box = Mapping[str, Region]
Boxes = tuple[Box, ...]

EVERYBODY: Boxes = ({},)
NOBODY: Boxes = ()
MOST_BOXES = 200


class TooManyBoxesError(Exception):
    """The union has too many parts to reckon with."""


def both(first: Boxes, second: Boxes) -> Boxes:
    """The customers in the two. Raises TooManyBoxesError."""
    return _few(box for one in first for other in second for box in _cut(one, other))


def union(first: Boxes, second: Boxes) -> Boxes:
    """The customers in either. Raises TooManyBoxesError."""
    return _few((*first, *second))


def without(first: Boxes, second: Boxes, whole: Callable[[str], Region]) -> Boxes:
    """The customers in the first and not in the second; `whole` is every value of a feature.

    Raises TooManyBoxesError.
    """
    for box in second:
        first = _few(rest for one in first for rest in _around(one, box, whole))
    return first


def _cut(one: Box, other: Box) -> Iterable[Box]:
    box = {**one, **{name: one[name] & region if name in one else region for name, region in other.items()}}
    if not any(region.is_empty for region in box.values()):
        yield box


def _around(one: Box, other: Box, whole: Callable[[str], Region]) -> Iterable[Box]:
    """The parts of `one` outside the other: outside by its first feature, or inside by that and outside by the next."""
    inside = dict(one)
    for name, region in other.items():
        mine = inside.get(name, whole(name))
        outside = mine - region
        if not outside.is_empty:
            yield {**inside, name: outside}
        inside[name] = mine & region
        if inside[name].is_empty:
            return


def _few(boxes: Iterable[Box]) -> Boxes:
    found = []
    for box in boxes:
        found.append(box)
        if len(found) > MOST_BOXES:
            raise TooManyBoxesError
    return tuple(found)
