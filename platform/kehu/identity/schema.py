"""The JSON Schema of rules/identity.yaml, for editors."""

from kehu.identity.golden_file import GOLDEN_KEYS
from kehu.identity.rule_file import EXAMPLE_KEYS, FILE_KEYS, KEY_KEYS, RECORD_KEYS, VALUE_KEYS
from kehu.identity.rules import CHOICES, GOLDEN_FIELDS, IDENTIFIERS, NAMES, TRAITS
from kehu.model.json_schema import CODE, SCALAR, Fragment, document, items, mapping, one_or_more, said, words

_COUNT: Fragment = {"type": "integer", "minimum": 1}
_SAID: dict[str, str] = {
    "identity": "what is identified",
    "description": "for readers",
    "values": "how the values of each identifier are taken",
    "generic_words": "words that so many names have that sharing them says nothing",
    "keys": "what two records must share to be one customer's, the strongest first",
    "priority": "the systems of the sources, the most trusted first",
    "golden": "which of several values of a field a customer keeps",
    "take": "what decides, one after the other",
    "examples": "records, and whether they are one customer's",
    "blocked": "values that name nobody",
    "names": "a value under more different names than this joins nobody",
    "per_customer": "how many values a customer may have",
    "key": "the name of the key",
    "same": "the identifier whose value must be the same",
    "name": "what the names must be",
    "likeness": "with 'like': the least share of the shorter name's own words that the other has",
    "unless_other": "what must not be known of both and differ",
    "records": "two records or more",
    "expect": "what they are by the keys",
}
_FRAGMENTS: dict[str, Fragment] = {
    "identity": words(("customers",)),
    "description": {"type": "string"},
    "generic_words": items(SCALAR),
    "blocked": items(SCALAR),
    "names": _COUNT,
    "per_customer": _COUNT,
    "key": CODE,
    "same": words(IDENTIFIERS),
    "name": words(NAMES),
    "likeness": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "unless_other": items(words(TRAITS)),
    "priority": items(SCALAR, minItems=1),
    "take": one_or_more(words(CHOICES)),
    "expect": words(("same", "different")),
}


def identity_schema() -> Fragment:
    """The schema of the file of identity rules."""
    values = mapping(_described(VALUE_KEYS))
    record = mapping(dict.fromkeys(RECORD_KEYS, SCALAR))
    inner: dict[str, Fragment] = {
        "values": mapping(dict.fromkeys(IDENTIFIERS, values)),
        "keys": items(mapping(_described(KEY_KEYS), ("key", "same", "name"))),
        "golden": mapping(dict.fromkeys(GOLDEN_FIELDS, mapping(_described(GOLDEN_KEYS), ("take",)))),
        "examples": items(
            mapping({**_described(EXAMPLE_KEYS[1:]), "records": items(record, minItems=2)}, EXAMPLE_KEYS)
        ),
    }
    top = {name: said(inner.get(name) or _FRAGMENTS[name], _SAID[name]) for name in FILE_KEYS}
    return document("Kehu rules of identity", mapping(top, ("identity", "keys", "examples")))


def _described(keys: tuple[str, ...]) -> dict[str, Fragment]:
    return {name: said(_FRAGMENTS[name], _SAID[name]) for name in keys}
