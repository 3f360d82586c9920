"""A rule file as its writer wrote it: nodes with places, in the right shape, not yet understood."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal

from kehu.model.durations import parse_duration
from kehu.model.feature_types import Label
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping, Node, Scalar, read_yaml
from kehu.rules.scores import Points, band, read_bound, read_points
from kehu.rules.shapes import Shapes
from kehu.rules.treatments import read_treatment

Kind = Literal["tier", "flag", "warning"]
# A score is written as points and bands and means a tier.
Written = Literal["tier", "flag", "score", "warning"]
KINDS: tuple[Written, ...] = ("tier", "flag", "score", "warning")
_MEANING: dict[str, Kind] = {"tier": "tier", "flag": "flag", "score": "tier", "warning": "warning"}
SEVERITIES = ("low", "medium", "high")
LONGEST_REASON = 1_000

_FILE_KEYS = ("ruleset", "kind", "label", "description", "examples")
_LEVEL_KEYS = ("level", "label", "when", "otherwise", "treatment")
_BAND_KEYS = ("level", "label", "at_least", "otherwise", "treatment")
_WARNING_KEYS = ("warning", "label", "when", "severity", "route", "reason", "cooldown")


@dataclass(frozen=True, slots=True)
class Entry:
    """A level or a warning. `when` is None where the level takes the rest, or where it is wrong."""

    code: str
    label: Label
    when: Scalar | None
    place: Place
    otherwise: bool = False
    treatment: object = None
    severity: str = ""
    route: tuple[str, ...] = ()
    reason: Scalar | None = None
    cooldown: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule set in the right shape; its conditions and examples are still text.

    `points` are the conditions of a score, of which those of its levels are made.
    """

    code: str
    kind: Kind
    written: Written
    label: Label
    description: str
    entries: tuple[Entry, ...]
    examples: tuple[Node, ...]
    points: tuple[Scalar, ...]
    path: str
    source: str
    place: Place


def read_draft(source: str, path: str) -> tuple[Draft | None, list[Problem]]:
    """The file's rule set, None where it cannot be told which it is, and everything wrong with its shape."""
    root, problems = read_yaml(source, path)
    problems = [_with_yaml_remedy(problem, source) for problem in problems]
    if root is None:
        empty = Problem(Place(path), "empty-file", "the file has no rule set", "start with 'ruleset: <code>'")
        return None, problems or [empty]
    shapes = Shapes(problems)
    draft = _draft(root, source, shapes)
    return draft, shapes.problems


def _draft(root: Node, source: str, shapes: Shapes) -> Draft | None:
    kind_node = root.get("kind") if isinstance(root, Mapping) else None
    kind = kind_node.text if isinstance(kind_node, Scalar) else ""
    body = "warnings" if kind == "warning" else "levels"
    bodies = (body, "points") if kind == "score" else (body,)
    keys = (*_FILE_KEYS, *bodies) if kind in KINDS else (*_FILE_KEYS, "levels", "points", "warnings")
    top = shapes.mapping(root, "a rule file", keys, ("ruleset", "kind", *(bodies if kind in KINDS else ())))
    if top is None:
        return None
    code = shapes.code(top.get("ruleset"), "the code of a rule set")
    shapes.word(kind_node, "a kind of rule set", KINDS)
    label = shapes.label(top.get("label"), top.place, f"rule set '{code}'")
    description = shapes.text(top.get("description"), "a description")
    if kind not in KINDS:
        return None
    nodes = shapes.items(top.get(body), f"'{body}'")
    points = read_points(top.get("points"), shapes) if kind == "score" else Points("", ())
    read = _reader(kind, points)
    entries = tuple(entry for node in nodes if (entry := read(node, shapes)))
    _check_codes(entries, shapes)
    _check_otherwise(entries, _MEANING[kind], shapes)
    if kind == "score":
        _check_bands(top.get("levels"), shapes)
    examples = shapes.items(top.get("examples"), "'examples'")
    place = top.entries["ruleset"].place if "ruleset" in top.entries else top.place
    meaning, written = _MEANING[kind], KINDS[KINDS.index(kind)]
    return Draft(
        code, meaning, written, label, description, entries, examples, points.conditions, root.place.path, source, place
    )


def _reader(kind: str, points: Points) -> Callable[[Node, Shapes], Entry | None]:
    if kind == "score":
        return partial(_band, points=points)
    return _warning if kind == "warning" else _level


def _band(node: Node, shapes: Shapes, *, points: Points) -> Entry | None:
    found = shapes.mapping(node, "a level of a score", _BAND_KEYS, ("level",))
    if found is None:
        return None
    code = shapes.code(found.get("level"), "the code of a level")
    label = shapes.label(found.get("label"), found.place, f"level '{code}'")
    bound, otherwise = found.get("at_least"), found.get("otherwise")
    if (bound is None) == (otherwise is None):
        said = f"level '{code}' needs either 'at_least' or 'otherwise: true'"
        shapes.note(found.place, "level-condition", said, "write one of the two")
    least = read_bound(bound, shapes)
    treatment = read_treatment(found.get("treatment"), shapes)
    place = _place_of(found, "level")
    return Entry(code, label, band(points, bound, least), place, otherwise is not None, treatment)


def _check_bands(node: Node | None, shapes: Shapes) -> None:
    """Bands stand from the greatest bound to the least: any other order hides one behind another."""
    least: int | None = None
    for level in shapes.items(node, "'levels'"):
        bound = level.get("at_least") if isinstance(level, Mapping) else None
        number = read_bound(bound, Shapes())
        if bound is None or number is None:
            continue
        if least is not None and number >= least:
            said = f"a score of {number} is taken by the level above, from {least} on"
            shapes.note(bound.place, "unreachable-level", said, "let the bounds fall from level to level")
        least = number


def _level(node: Node, shapes: Shapes) -> Entry | None:
    found = shapes.mapping(node, "a level", _LEVEL_KEYS, ("level",))
    if found is None:
        return None
    code = shapes.code(found.get("level"), "the code of a level")
    label = shapes.label(found.get("label"), found.place, f"level '{code}'")
    when, otherwise = found.get("when"), found.get("otherwise")
    if (when is None) == (otherwise is None):
        said = f"level '{code}' needs either 'when' or 'otherwise: true'"
        shapes.note(found.place, "level-condition", said, "write one of the two")
    if otherwise is not None and not (isinstance(otherwise, Scalar) and otherwise.text == "true"):
        shapes.note(otherwise.place, "level-condition", "'otherwise' can only be true", "write 'otherwise: true'")
    treatment = read_treatment(found.get("treatment"), shapes)
    place = _place_of(found, "level")
    return Entry(code, label, _condition(when, shapes), place, otherwise is not None, treatment)


def _warning(node: Node, shapes: Shapes) -> Entry | None:
    found = shapes.mapping(node, "a warning", _WARNING_KEYS, ("warning", "when", "severity", "route", "reason"))
    if found is None:
        return None
    code = shapes.code(found.get("warning"), "the code of a warning")
    label = shapes.label(found.get("label"), found.place, f"warning '{code}'")
    severity = shapes.word(found.get("severity"), "a severity", SEVERITIES)
    route_node = found.get("route")
    route = tuple(shapes.code(item, "a department") for item in shapes.items(route_node, "'route'"))
    if route_node is not None and not route:
        shapes.note(route_node.place, "missing-route", f"warning '{code}' goes to nobody", "name a department")
    reason = _reason(found.get("reason"), shapes)
    return Entry(
        code,
        label,
        _condition(found.get("when"), shapes),
        _place_of(found, "warning"),
        severity=severity,
        route=route,
        reason=reason,
        cooldown=_cooldown(found.get("cooldown"), shapes),
    )


def _cooldown(node: Node | None, shapes: Shapes) -> timedelta:
    if node is None:
        return timedelta()
    text = node.text if isinstance(node, Scalar) else "this"
    try:
        return parse_duration(text)
    except ValueError:
        shapes.note(node.place, "bad-cooldown", f"'{text}' is no length of time", "write for example '30 days'")
        return timedelta()


def _reason(node: Node | None, shapes: Shapes) -> Scalar | None:
    text = shapes.text(node, "a reason")
    if node is not None and len(text) > LONGEST_REASON:
        said = f"a reason of {len(text):,} characters is too long to read"
        shapes.note(node.place, "wrong-shape", said, f"say it in at most {LONGEST_REASON:,}")
        return None
    return node if isinstance(node, Scalar) else None


def _condition(node: Node | None, shapes: Shapes) -> Scalar | None:
    """The condition's text. YAML takes [..] and {..} for its own, so those come as lists and mappings."""
    if node is None:
        return None
    if isinstance(node, Scalar) and not node.is_null:
        return node
    said = "the condition is missing" if isinstance(node, Scalar) else "YAML reads this condition as a list or mapping"
    shapes.note(node.place, "condition-shape", said, "write it after 'when: |' on a line of its own")
    return None


def _check_codes(entries: tuple[Entry, ...], shapes: Shapes) -> None:
    first: dict[str, Place] = {}
    for entry in entries:
        if entry.code and entry.code in first:
            remedy = f"the first is on line {first[entry.code].line}"
            shapes.note(entry.place, "duplicate-code", f"'{entry.code}' stands here twice", remedy)
        first.setdefault(entry.code, entry.place)


def _check_otherwise(entries: tuple[Entry, ...], kind: str, shapes: Shapes) -> None:
    rest: Entry | None = None
    for entry in entries:
        if rest is not None:
            said = f"'{entry.code}' is never reached: '{rest.code}' takes the rest"
            shapes.note(entry.place, "unreachable-level", said, "put 'otherwise: true' last")
        elif entry.otherwise and kind == "tier":
            rest = entry
        elif entry.otherwise and kind == "flag":
            said = f"flag '{entry.code}' cannot take the rest"
            shapes.note(entry.place, "level-condition", said, "give it a 'when', or make the rule set a tier")


def _place_of(mapping: Mapping, key: str) -> Place:
    node = mapping.get(key)
    return mapping.place if node is None else node.place


def _with_yaml_remedy(problem: Problem, source: str) -> Problem:
    """YAML's own messages do not say that a condition needs `when: |`."""
    lines = source.splitlines()
    line = lines[problem.place.line - 1] if problem.place.line <= len(lines) else ""
    if problem.check != "yaml-syntax" or "when:" not in line:
        return problem
    remedy = "YAML reads signs of this condition as its own: write it after 'when: |' on a line of its own"
    return Problem(problem.place, problem.check, problem.message, remedy, problem.severity)
