"""Scores: weighted points added up and cut into bands, written in the rule language itself.

A score file is a tier whose conditions are made for it: the points become one sum, and each band asks whether the
sum reaches its bound. So a score is checked, evaluated and explained by what does so for every other rule.
"""

from dataclasses import dataclass

from kehu.model.yaml_nodes import Mapping, Node, Scalar
from kehu.rules.shapes import Shapes

_MOST = 1_000_000
_LONGEST = len(str(-_MOST))
_GRANT = ("when", "points")


@dataclass(frozen=True, slots=True)
class Points:
    """The sum as an expression, and the conditions it is made of, with their places."""

    expression: str
    conditions: tuple[Scalar, ...]


def read_points(node: Node | None, shapes: Shapes) -> Points:
    """Each item grants its points when its condition holds; of a `first_of` only the first that holds."""
    terms: list[str] = []
    conditions: list[Scalar] = []
    for item in shapes.items(node, "'points'"):
        grants = _grants(item, shapes)
        terms.append(_term(grants))
        conditions += [when for when, _ in grants]
    if node is not None and not terms:
        shapes.note(node.place, "wrong-shape", "a score needs points", "add '- {when: ..., points: 10}'")
    return Points(" + ".join(terms), tuple(conditions))


def read_bound(node: Node | None, shapes: Shapes) -> int | None:
    """The least score of a band; None where it is absent or wrong, which is noted."""
    return None if node is None else _number(node, "'at_least'", shapes)


def band(points: Points, bound: Node | None, least: int | None) -> Scalar | None:
    """The condition of a band, standing where its bound does; None where the bound or the points are wrong."""
    if not isinstance(bound, Scalar) or least is None or not points.expression:
        return None
    return Scalar(bound.place, bound.start, bound.end, f"{points.expression} >= {least}", None)


def _grants(item: Node, shapes: Shapes) -> list[tuple[Scalar, int]]:
    """(condition, points) of an item, in order; those in the wrong shape are left out and noted."""
    group = item.get("first_of") if isinstance(item, Mapping) else None
    if group is None:
        return _grant(item, shapes)
    shapes.mapping(item, "a group of points", ("first_of",), ("first_of",))
    return [grant for each in shapes.items(group, "'first_of'") for grant in _grant(each, shapes)]


def _grant(item: Node, shapes: Shapes) -> list[tuple[Scalar, int]]:
    found = shapes.mapping(item, "points", _GRANT, _GRANT)
    when = found.get("when") if found else None
    number = found.get("points") if found else None
    points = None if number is None else _number(number, "'points'", shapes)
    if when is not None and not (isinstance(when, Scalar) and not when.is_null):
        shapes.note(
            when.place, "condition-shape", "YAML does not read this condition as one text", "write it after '|'"
        )
        return []
    return [(when, points)] if isinstance(when, Scalar) and points is not None else []


def _number(node: Node, what: str, shapes: Shapes) -> int | None:
    text = node.text if isinstance(node, Scalar) else ""
    if len(text) <= _LONGEST and text.removeprefix("-").isdecimal() and abs(int(text)) <= _MOST:
        return int(text)
    shapes.note(node.place, "bad-points", f"{what} must be a whole number", f"from -{_MOST} to {_MOST}")
    return None


def _term(grants: list[tuple[Scalar, int]]) -> str:
    term = "0"
    for when, points in reversed(grants):
        term = f"(({when.text.strip()}) ? {points} : {term})"
    return term
