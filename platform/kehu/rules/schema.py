"""The JSON Schema of rule files, for editors: keys, kinds, words, treatments and the workspace's features."""

from dataclasses import replace

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.json_schema import CODE, INSTANT, SCALAR, Fragment, document, items, label, mapping, said, words
from kehu.rules.fragments import LENGTH
from kehu.rules.given_lists import ITEMS
from kehu.rules.kinds import RuleKind, kinds

_TYPES = {"integer": "integer", "decimal": "number", "float": "number", "boolean": "boolean"}
_DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_EFFECTIVE = {"from": {"anyOf": [_DAY, INSTANT]}, "until": {"anyOf": [_DAY, INSTANT]}}


def rules_schema(features: Schema) -> Fragment:
    """The schema of rule files in a workspace where conditions may ask for these."""
    known = kinds()
    bodies = dict.fromkeys(key for kind in known.values() for key in kind.keys)
    told = "; ".join(f"{name}: {kind.said}" for name, kind in known.items())
    keys: dict[str, Fragment] = {
        "ruleset": said(CODE, "the question's code; the file is named for it"),
        "kind": said(words(known), told),
        "label": label("the question's name on screens"),
        "description": said({"type": "string"}, "the question in a sentence"),
        "effective": said(mapping(_EFFECTIVE, minProperties=1), "from when until when it is in force"),
        **{name: {"type": "array"} for name in bodies},
        "examples": items({"type": "object"}),
    }
    each = [_kind(name, kind, features) for name, kind in known.items()]
    return document("Kehu rule file", mapping(keys, ("ruleset", "kind", "label"), allOf=each))


def given_schema(features: Schema) -> Fragment:
    """Features with the values they may be given in examples and tests."""
    known = {name: feature_value(kind) for name, kind in sorted(features.items())}
    return said(mapping(known), "features and their values; the others are unknown, 0, empty or false")


def feature_value(kind: FeatureType) -> Fragment:
    """A value as people write it: amounts in major units, instants with their offset, null where unknown may be."""
    if kind.kind in ITEMS:
        return items(feature_value(replace(kind, kind=ITEMS[kind.kind])))
    if kind.words:
        return words([*kind.words, *([None] if kind.nullable else [])])
    if kind.kind == "instant":
        return {"anyOf": [INSTANT, {"type": "null"}]} if kind.nullable else INSTANT
    types = [_TYPES[kind.kind]] if kind.kind in _TYPES else list(SCALAR["type"])
    return {"type": [*types, "null"] if kind.nullable else types}


def expect_schema(kind: RuleKind) -> Fragment:
    """What may be expected of a rule set of that kind."""
    most = {"maxItems": 1} if kind.means == "tier" else {}
    return {"anyOf": [CODE, {"type": "null"}, items(CODE, **most)]}


def held_schema(level: Fragment) -> Fragment:
    """What a customer may hold already."""
    one = {"anyOf": [level, mapping({"level": level, "since": LENGTH, "below": LENGTH}, ("level",))]}
    told = "the level held already; since when, and for how long its condition has been unmet"
    return said({"anyOf": [one, items(one)]}, told)


def _kind(name: str, kind: RuleKind, features: Schema) -> Fragment:
    """What a file of that kind holds, and that it holds nothing of the other kinds."""
    keys = {"given": given_schema(features), "expect": expect_schema(kind), "as_of": INSTANT}
    if kind.means != "warning":
        keys["held"] = held_schema(CODE)
    example = mapping(keys, ("given", "expect"))
    others = {key: False for each in kinds().values() for key in each.keys if key not in kind.keys}
    then = {"properties": {**kind.schema, **others, "examples": items(example)}, "required": [*kind.keys]}
    return {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": then}
