"""The JSON Schema of levels and warnings, for editors, key by key."""

from collections.abc import Mapping

from kehu.model.graph import SENIORITIES
from kehu.model.json_schema import CODE, Fragment, items, label, mapping, said, words
from kehu.rules.entries import LONGEST_REASON, SEVERITIES

LENGTH: Fragment = {"type": "string", "pattern": "^[1-9][0-9]* (minute|hour|day|week)s?$"}
CONDITION = said({"type": "string", "minLength": 1}, "a condition of the rule language over features")

TREATMENT = mapping(
    {
        "owner": said(words(SENIORITIES), "how senior the account's owner is"),
        "visit_every": said(LENGTH, "how often the customer is visited, such as 30 days"),
        "complaint_response": said(LENGTH, "how soon a complaint is answered, such as 2 hours"),
        "discount": said({"type": "number", "minimum": 0, "maximum": 1}, "a share of the price"),
        "pilot": said({"type": "boolean"}, "whether new services are offered first"),
        "care": said({"type": "string"}, "a sentence for the people who care"),
    }
)
_KEEP = said({"type": "string", "minLength": 1}, "a softer condition that lets who holds the level keep it")
_WHOM = {"for": said(CONDITION, "whom the variant is for"), "when": CONDITION}
_STAY = {
    "grace": said(LENGTH, "how long the level is kept after its condition ceased to hold, such as 30 days"),
    "minimum_stay": said(LENGTH, "how long the level is kept at least, such as 90 days"),
}
ANY_LEVEL = {
    "level": said(CODE, "the level's code"),
    "label": label("the level's name on screens"),
    "otherwise": said({"const": True}, "takes whoever no level above took"),
    "treatment": said(TREATMENT, "what the level grants"),
    **_STAY,
}
LEVEL = {
    **ANY_LEVEL,
    "when": CONDITION,
    "keep_while": _KEEP,
    "variants": said(items(mapping({**_WHOM, "keep_while": _KEEP}, ("for", "when"))), "other thresholds for some"),
}
WARNING = {
    "warning": said(CODE, "the warning's code"),
    "label": label("the warning's name on screens"),
    "when": CONDITION,
    "variants": said(items(mapping(_WHOM, ("for", "when"))), "other thresholds for some"),
    "severity": said(words(SEVERITIES), "how grave it is"),
    "route": said(items(CODE, minItems=1), "the departments that are told"),
    "reason": said(
        {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
        "what is said; {feature} becomes the customer's value",
    ),
    "cooldown": said(LENGTH, "how long it keeps quiet after it fired, such as 30 days"),
}


def levels_schema(keys: Mapping[str, Fragment], asks: str) -> Fragment:
    """The levels of a tier: each asks something under the key `asks`, or takes the rest."""
    kept = {name: False for name in ("variants", "keep_while", "keep_at_least", *_STAY) if name in keys}
    alone = [{"required": [asks]}, {"required": ["otherwise"], "properties": kept}]
    return items(mapping(keys, ("level", "label"), oneOf=alone))


def flags_schema() -> Fragment:
    """The levels of a flag, none of which takes the rest."""
    return items(
        mapping({name: each for name, each in LEVEL.items() if name != "otherwise"}, ("level", "label", "when"))
    )


def warnings_schema() -> Fragment:
    """The warnings of a rule set."""
    return items(mapping(WARNING, set(WARNING) - {"cooldown", "variants"}))
