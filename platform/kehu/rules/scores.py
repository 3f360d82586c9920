"""Scores: weighted points added up and cut into bands, written in the rule language itself.

A score file is a tier whose conditions are made for it: the points become one sum, and each band asks whether the
sum reaches its bound. So a score is checked, evaluated and explained by what does so for every other rule. It comes
in by the entry point `kehu.kinds`, as a kind of another package would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kehu.model.json_schema import Fragment, items, mapping, said
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, Scalar
from kehu.rules.entries import Entry, check_rest, place_of
from kehu.rules.fragments import ANY_LEVEL, CONDITION, levels_schema
from kehu.rules.keeping import read_keeping
from kehu.rules.kinds import Body, RuleKind
from kehu.rules.shapes import Shapes
from kehu.rules.treatments import read_treatment

_MOST = 1_000_000
_LONGEST = len(str(-_MOST))
_GRANT = ("when", "points")
_BAND_KEYS = ("level", "label", "at_least", "otherwise", "treatment", "keep_at_least", "grace", "minimum_stay")


@dataclass(frozen=True, slots=True)
class Points:
    """The sum as an expression, and the conditions it is made of, with their places."""

    expression: str
    conditions: tuple[Scalar, ...]


def read_score(top: MappingNode, shapes: Shapes) -> Body:
    """The bands as levels whose conditions ask for the sum of the points."""
    points = read_points(top.get("points"), shapes)
    found = (_band(node, points, shapes) for node in shapes.items(top.get("levels"), "'levels'"))
    entries = tuple(entry for entry in found if entry is not None)
    _check_bands(top.get("levels"), shapes)
    return Body(entries, points.conditions)


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


def _band(node: Node, points: Points, shapes: Shapes) -> Entry | None:
    found = shapes.mapping(node, "a level of a score", _BAND_KEYS, ("level",))
    if found is None:
        return None
    code = shapes.code(found.get("level"), "the code of a level")
    label = shapes.label(found.get("label"), found.place, f"level '{code}'")
    bound, keep = found.get("at_least"), found.get("keep_at_least")
    least, lower = _bound(bound, "'at_least'", shapes), _bound(keep, "'keep_at_least'", shapes)
    if (bound is None) == (found.get("otherwise") is None):
        asked = f"level '{code}' needs either 'at_least' or 'otherwise: true'"
        shapes.note(found.place, "level-condition", asked, "write one of the two")
    check_rest(found, shapes)
    if keep is not None and least is not None and lower is not None and lower >= least:
        asked = f"{lower} keeps nobody: the level is entered at {least}"
        shapes.note(keep.place, "bad-keeping", asked, "write a lower number")
    treatment = read_treatment(found.get("treatment"), shapes)
    keeping = replace(read_keeping(found, shapes), condition=_reaches(points, keep, lower))
    is_rest = found.get("otherwise") is not None
    return Entry(
        code, label, _reaches(points, bound, least), place_of(found, "level"), is_rest, treatment, keeping=keeping
    )


def _bound(node: Node | None, what: str, shapes: Shapes) -> int | None:
    """The least score of a band; None where it is absent or wrong, which is noted."""
    return None if node is None else _number(node, what, shapes)


def _reaches(points: Points, bound: Node | None, least: int | None) -> Scalar | None:
    """The condition of a band, standing where its bound does; None where the bound or the points are wrong."""
    if not isinstance(bound, Scalar) or least is None or not points.expression:
        return None
    return Scalar(bound.place, bound.start, bound.end, f"{points.expression} >= {least}", None)


def _check_bands(node: Node | None, shapes: Shapes) -> None:
    """Bands stand from the greatest bound to the least: any other order hides one behind another."""
    least: int | None = None
    for level in shapes.items(node, "'levels'"):
        bound = level.get("at_least") if isinstance(level, MappingNode) else None
        number = _bound(bound, "'at_least'", Shapes())
        if bound is None or number is None:
            continue
        if least is not None and number >= least:
            asked = f"a score of {number} is taken by the level above, from {least} on"
            shapes.note(bound.place, "unreachable-level", asked, "let the bounds fall from level to level")
        least = number


def _grants(item: Node, shapes: Shapes) -> list[tuple[Scalar, int]]:
    """(condition, points) of an item, in order; those in the wrong shape are left out and noted."""
    group = item.get("first_of") if isinstance(item, MappingNode) else None
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
        # The break before the bracket ends a comment, if there is one.
        term = f"(({when.text.strip()}\n) ? {points} : {term})"
    return term


_GRANT_SCHEMA = mapping({"when": CONDITION, "points": {"type": "integer"}}, _GRANT)
_POINTS = {"anyOf": [_GRANT_SCHEMA, mapping({"first_of": items(_GRANT_SCHEMA)}, ("first_of",))]}
BAND: Mapping[str, Fragment] = {
    **ANY_LEVEL,
    "at_least": said({"type": "integer"}, "the least score of this level"),
    "keep_at_least": said({"type": "integer"}, "the least score that lets who holds the level keep it"),
}

SCORE = RuleKind(
    "tier",
    ("levels", "points"),
    read_score,
    "points in bands",
    {"levels": levels_schema(BAND, "at_least"), "points": items(_POINTS, minItems=1)},
)
