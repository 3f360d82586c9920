"""The proof a rule file carries: features given, answer expected, tried on the interpreter and on the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place, did_you_mean
from kehu.model.yaml_nodes import Items, Node, Scalar
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.rules.files import Draft
from kehu.rules.given_lists import ITEMS, read_list
from kehu.rules.held import HeldLevel, read_held
from kehu.rules.shapes import Shapes

EXAMPLE_KEYS = ("given", "held", "expect", "as_of")
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # for examples whose conditions do not ask for the time
_LARGEST_EXPONENT = 20
_LONGEST_TEXT = 200  # the interpreter matches patterns against it
_NEUTRAL: dict[str, object] = {
    "integer": 0,
    "decimal": 0,
    "float": 0.0,
    "string": "",
    "boolean": False,
    **dict.fromkeys(ITEMS, ()),
}


@dataclass(frozen=True, slots=True)
class Example:
    """`row` holds the given features as stored; `expected` the codes, none for an empty answer.

    `held` is what the customer holds already, as far as the example says.
    """

    row: Mapping[str, object]
    expected: tuple[str, ...]
    as_of: datetime | None
    place: Place
    expect_place: Place
    held: tuple[HeldLevel, ...] = ()


def read_examples(draft: Draft, schema: Schema, shapes: Shapes) -> list[Example]:
    """The examples in the right shape; what is wrong with the others is noted."""
    codes = [entry.code for entry in draft.entries]
    return [found for node in draft.examples if (found := _example(node, draft.kind, codes, schema, shapes))]


def complete_row(given: Mapping[str, object], features: Sequence[str], schema: Schema) -> dict[str, object]:
    """The features with those not given at their neutral value: null where nullable, else 0, '', false or empty."""
    return {name: given.get(name, _neutral(schema[name])) for name in features}


def _neutral(kind: FeatureType) -> object:
    return None if kind.nullable else _NEUTRAL.get(kind.kind, UNDATED)


def _example(node: Node, kind: str, codes: list[str], schema: Schema, shapes: Shapes) -> Example | None:
    before = len(shapes.problems)
    found = shapes.mapping(node, "an example", EXAMPLE_KEYS, ("given",))
    if found is None:
        return None
    given = found.get("given")
    row: dict[str, object] = {}
    if given is not None and not isinstance(given, MappingNode):
        shapes.note(given.place, "wrong-shape", "'given' must be a mapping", "such as {revenue_365d: 500000}")
    elif isinstance(given, MappingNode):
        row = read_given(given, schema, shapes)
    if "expect" not in found.entries:
        shapes.note(found.place, "missing-key", "the example has no 'expect'", "add 'expect:'")
        return None
    expect = found.entries["expect"]
    expected = read_expected(expect, kind, codes, shapes)
    as_of = read_as_of(found.get("as_of"), shapes)
    held = read_held(found.get("held"), kind, codes, shapes)
    if len(shapes.problems) > before:
        return None
    return Example(row, expected, as_of, found.place, expect.place, held)


def read_given(node: MappingNode, schema: Schema, shapes: Shapes) -> dict[str, object]:
    """The features of the mapping, as stored; those that are wrong are noted."""
    row: dict[str, object] = {}
    for name, value in node.entries.items():
        if name not in schema:
            remedy = did_you_mean(name, schema)
            shapes.note(node.keys[name].place, "unknown-feature", f"unknown feature '{name}'", remedy)
        elif schema[name].kind in ITEMS:
            row[name] = read_list(name, value, schema[name], shapes, read_value)
        elif not isinstance(value, Scalar):
            shapes.note(value.place, "example-value", f"'{name}' must be one value")
        else:
            row[name] = read_value(name, value, schema[name], shapes)
    return row


def read_value(name: str, value: Scalar, kind: FeatureType, shapes: Shapes) -> object:
    """The value as its feature's column holds it; None where it is null, or wrong, which is noted."""
    if value.is_null:
        if not kind.nullable:
            shapes.note(value.place, "example-value", f"'{name}' is never unknown", "give a value")
        return None
    try:
        stored = _parsed(value.text, kind)
    except (ValueError, InvalidOperation, OverflowError):
        shapes.note(value.place, "example-value", f"'{value.text}' is not a value of '{name}'", _WANTED[kind.kind])
        return None
    if isinstance(stored, str) and len(stored) > _LONGEST_TEXT:
        shapes.note(
            value.place, "example-value", f"the text of '{name}' is too long", f"at most {_LONGEST_TEXT} letters"
        )
    if isinstance(stored, int) and abs(stored) >= 10**kind.digits:
        shapes.note(value.place, "example-value", f"'{value.text}' is too large for '{name}'")
    if kind.words and stored not in kind.words:
        remedy = did_you_mean(value.text, kind.words)
        shapes.note(value.place, "unknown-word", f"'{value.text}' is not a value of '{name}'", remedy)
    return stored


_WANTED = {
    "integer": "write a whole number",
    "decimal": "write a number with no more decimals than the feature has",
    "float": "write a number",
    "string": "write a text",
    "boolean": "write true or false",
    "instant": "write it with its offset, as 2024-06-30T08:00:00+08:00",
}


def _parsed(text: str, kind: FeatureType) -> object:
    """The value as stored. Raises ValueError or InvalidOperation."""
    match kind.kind:
        case "integer" | "decimal":
            return _scaled(Decimal(text), kind.scale)
        case "float":
            return _fitting(float(text), fits=isfinite(float(text)))
        case "boolean":
            return _fitting(text == "true", fits=text in {"true", "false"})
        case "instant":
            instant = datetime.fromisoformat(text)
            return _fitting(instant.astimezone(UTC), fits=instant.tzinfo is not None)
    return text


def _scaled(number: Decimal, scale: int) -> int:
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(str(number))
    scaled = number.scaleb(scale)
    if scaled != int(scaled):
        raise ValueError(str(number))
    return int(scaled)


def _fitting(value: object, *, fits: bool) -> object:
    if not fits:
        raise ValueError(str(value))
    return value


def read_expected(node: Node, kind: str, codes: list[str], shapes: Shapes) -> tuple[str, ...]:
    """A tier expects one level or null; flags and warnings a list, or one code alone."""
    nodes = node.nodes if isinstance(node, Items) else (node,)
    if isinstance(node, Scalar) and node.is_null:
        nodes = ()
    if kind == "tier" and len(nodes) > 1:
        shapes.note(node.place, "wrong-shape", "a tier gives one level", "expect one level, or null for none")
    what = "a warning of this file" if kind == "warning" else "a level of this file"
    return tuple(shapes.word(item, what, codes) for item in nodes)


def read_as_of(node: Node | None, shapes: Shapes) -> datetime | None:
    """The instant in UTC; None where there is none, or one without its offset, which is noted."""
    if node is None:
        return None
    try:
        instant = datetime.fromisoformat(node.text if isinstance(node, Scalar) else "")
        instant = instant.astimezone(UTC) if instant.tzinfo else instant
    except (ValueError, OverflowError):
        instant = datetime.min  # noqa: DTZ901 - stands for an instant without offset, refused below
    if instant.tzinfo is None:
        shapes.note(node.place, "example-value", "'as_of' is not an instant with offset", _WANTED["instant"])
        return None
    return instant
