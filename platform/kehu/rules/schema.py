"""The JSON Schema of rule files, for editors: keys, kinds, words, treatments and the workspace's features."""

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.graph import SENIORITIES
from kehu.model.json_schema import CODE, INSTANT, SCALAR, Fragment, document, items, label, mapping, said, words
from kehu.rules.files import KINDS, LONGEST_REASON, SEVERITIES

_DURATION: Fragment = {"type": "string", "pattern": "^[1-9][0-9]* (minute|hour|day|week)s?$"}
_CONDITION = said({"type": "string", "minLength": 1}, "a condition of the rule language over features")
_OTHERWISE = said({"const": True}, "takes whoever no level above took")
_TYPES = {"integer": "integer", "decimal": "number", "float": "number", "boolean": "boolean"}

TREATMENT = mapping(
    {
        "owner": said(words(SENIORITIES), "how senior the account's owner is"),
        "visit_every": said(_DURATION, "how often the customer is visited, such as 30 days"),
        "complaint_response": said(_DURATION, "how soon a complaint is answered, such as 2 hours"),
        "discount": said({"type": "number", "minimum": 0, "maximum": 1}, "a share of the price"),
        "pilot": said({"type": "boolean"}, "whether new services are offered first"),
        "care": said({"type": "string"}, "a sentence for the people who care"),
    }
)
_LEVEL = {
    "level": said(CODE, "the level's code"),
    "label": label("the level's name on screens"),
    "otherwise": _OTHERWISE,
    "treatment": said(TREATMENT, "what the level grants"),
}
LEVEL = {**_LEVEL, "when": _CONDITION}
BAND = {**_LEVEL, "at_least": said({"type": "integer"}, "the least score of this level")}
WARNING = {
    "warning": said(CODE, "the warning's code"),
    "label": label("the warning's name on screens"),
    "when": _CONDITION,
    "severity": said(words(SEVERITIES), "how grave it is"),
    "route": said(items(CODE, minItems=1), "the departments that are told"),
    "reason": said(
        {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
        "what is said; {feature} becomes the customer's value",
    ),
    "cooldown": said(_DURATION, "how long it keeps quiet after it fired, such as 30 days"),
}
_GRANT = mapping({"when": _CONDITION, "points": {"type": "integer"}}, ("when", "points"))
_POINTS = items({"anyOf": [_GRANT, mapping({"first_of": items(_GRANT)}, ("first_of",))]}, minItems=1)
_BODIES = {"tier": ("levels",), "flag": ("levels",), "score": ("levels", "points"), "warning": ("warnings",)}


def rules_schema(features: Schema) -> Fragment:
    """The schema of rule files in a workspace that has these features."""
    keys = {
        "ruleset": said(CODE, "the question's code; the file is named for it"),
        "kind": said(words(KINDS), "tier: one level; flag: any; score: points in bands; warning: signs that fire"),
        "label": label("the question's name on screens"),
        "description": said({"type": "string"}, "the question in a sentence"),
        "levels": items({"type": "object"}),
        "points": _POINTS,
        "warnings": items({"type": "object"}),
        "examples": items({"type": "object"}),
    }
    kinds = [_kind(kind, features) for kind in KINDS]
    return document("Kehu rule file", mapping(keys, ("ruleset", "kind", "label"), allOf=kinds))


def given_schema(features: Schema) -> Fragment:
    """Features with the values they may be given in examples and tests."""
    known = {name: feature_value(kind) for name, kind in sorted(features.items())}
    return said(mapping(known), "features and their values; the others are unknown, 0, empty or false")


def feature_value(kind: FeatureType) -> Fragment:
    """A value as people write it: amounts in major units, instants with their offset, null where unknown may be."""
    if kind.words:
        return words([*kind.words, *([None] if kind.nullable else [])])
    if kind.kind == "instant":
        return {"anyOf": [INSTANT, {"type": "null"}]} if kind.nullable else INSTANT
    types = [_TYPES[kind.kind]] if kind.kind in _TYPES else list(SCALAR["type"])
    return {"type": [*types, "null"] if kind.nullable else types}


def expect_schema(kind: str) -> Fragment:
    """What may be expected of a rule set of that kind."""
    most = {"maxItems": 1} if kind in {"tier", "score"} else {}
    return {"anyOf": [CODE, {"type": "null"}, items(CODE, **most)]}


def _kind(kind: str, features: Schema) -> Fragment:
    """What a file of that kind holds, and that it holds nothing of the other kinds."""
    example = mapping(
        {"given": given_schema(features), "expect": expect_schema(kind), "as_of": INSTANT}, ("given", "expect")
    )
    bodies = {"levels": items(_level(kind)), "warnings": items(mapping(WARNING, set(WARNING) - {"cooldown"}))}
    own = {name: bodies[name] for name in _BODIES[kind] if name in bodies}
    others = {name: False for name in ("levels", "points", "warnings") if name not in _BODIES[kind]}
    then = {"properties": {**own, **others, "examples": items(example)}, "required": [*_BODIES[kind]]}
    return {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then}


def _level(kind: str) -> Fragment:
    keys, asks = (BAND, "at_least") if kind == "score" else (LEVEL, "when")
    if kind == "flag":
        return mapping({name: each for name, each in keys.items() if name != "otherwise"}, ("level", "label", asks))
    return mapping(keys, ("level", "label"), oneOf=[{"required": [asks]}, {"required": ["otherwise"]}])
