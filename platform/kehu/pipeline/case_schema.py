"""The JSON Schema of files of cases, for editors: the workspace's rule sets, levels, features and events."""

from kehu.features.catalogue import Catalogue
from kehu.features.given_events import event_keys
from kehu.features.streams import ATTRIBUTES, STREAMS, Stream
from kehu.model.json_schema import INSTANT, Fragment, document, items, mapping, one_or_more, said, words
from kehu.pipeline.rule_cases import codes_of
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.schema import feature_value, given_schema, held_schema

_AGO = r"^[0-9]{1,4} (minute|hour|day|week)s? ago$"
_LENGTH = "^[1-9][0-9]{0,3} (minute|hour|day|week)s?$"
_WHEN: Fragment = {"anyOf": [INSTANT, {"type": "string", "pattern": _AGO}], "description": "an instant, or 3 days ago"}


def cases_schema(catalogue: Catalogue, book: RuleBook) -> Fragment:
    """The schema of files of cases in a workspace with these features and rule sets."""
    rulesets = book.latest().rulesets
    case = {
        "name": said({"type": "string"}, "what the case shows"),
        "as_of": INSTANT,
        "customer": said(
            mapping({name: feature_value(kind) for name, kind in ATTRIBUTES.items()}), "the customer's own attributes"
        ),
        "given": given_schema(catalogue.schema),
        "events": said(
            mapping({name: items(_event(each, catalogue.money_digits)) for name, each in STREAMS.items()}),
            "what happened, by kind; every feature is computed of it",
        ),
        "held": said(
            mapping({item.code: held_schema(words(codes_of(item))) for item in rulesets if item.levels}),
            "the levels held already, by rule set",
        ),
        "expect": said(
            mapping({item.code: _expected(item) for item in rulesets}, minProperties=1), "answers by rule set"
        ),
        "reasons": said(
            mapping({item.code: _reasons(item) for item in rulesets if item.warnings}, minProperties=1),
            "what warnings say, by rule set",
        ),
    }
    alone = {"not": {"required": ["given", "events"]}}
    keys = {"as_of": INSTANT, "cases": items(mapping(case, ("name", "expect"), **alone))}
    return document("Kehu rule tests", mapping(keys, ("cases",)))


def _event(stream: Stream, money_digits: int) -> Fragment:
    types = stream.types(money_digits)
    own: dict[str, Fragment] = {
        "at": said(_WHEN, "when it happened, an instant or 3 days ago"),
        "role": said(one_or_more(words(stream.roles)), "what the customer was in it"),
        "times": said({"type": "integer", "minimum": 1, "maximum": 10_000}, "how often it happened"),
        "every": said({"type": "string", "pattern": _LENGTH}, "how much earlier each repetition was, such as 7 days"),
    }
    columns = {
        name: {"anyOf": [_WHEN, {"type": "null"}]} if kind.kind == "instant" else feature_value(kind)
        for name, kind in types.items()
        if name in stream.columns
    }
    known = own | columns
    return mapping({name: known[name] for name in event_keys(stream)}, dependentRequired={"every": ["times"]})


def _expected(ruleset: RuleSet) -> Fragment:
    code = words(codes_of(ruleset))
    most = {"maxItems": 1} if ruleset.kind == "tier" else {}
    return {"anyOf": [code, {"type": "null"}, items(code, **most)]}


def _reasons(ruleset: RuleSet) -> Fragment:
    text: Fragment = {"type": "string"}
    return {"anyOf": [text, mapping({rule.code: text for rule in ruleset.warnings})]}
