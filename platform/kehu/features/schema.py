"""The JSON Schema of feature files, for editors: operations, what each takes, and its keys."""

from collections.abc import Iterable

from kehu.features.declaration import DERIVED, OPERATIONS, Operation, keys_of
from kehu.features.models import models
from kehu.features.results import wanted
from kehu.features.streams import ATTRIBUTES, STREAMS
from kehu.model.json_schema import SCALAR, Fragment, document, label, mapping, said, suggested, words

_LENGTH = r"^[1-9][0-9]{0,4} (days?|weeks?)$"
_OF_EVENTS = {"count", "days_since", "share"}
_ROLES = sorted({role for stream in STREAMS.values() for role in stream.roles})

KEYS: dict[str, Fragment] = {
    "over": said(
        {"anyOf": [{"type": "string", "pattern": _LENGTH}, {"const": "all time"}]},
        "the window's length, such as 90 days or 13 weeks; all time when left out",
    ),
    "before": said({"type": "string", "pattern": _LENGTH}, "how long before the as-of instant the window ends"),
    "as": said(words(_ROLES), "whose shipments they are; payer when left out"),
    "where": said({"type": "string"}, "a condition over the event's columns"),
    "of": said({"type": "string"}, "the condition that makes the share, over the event's columns"),
    "missing": said({**SCALAR, "type": [*SCALAR["type"], "null"]}, "the value where nothing ever happened"),
    "q": said({"type": "number", "minimum": 0, "maximum": 1}, "the share of values that lie below"),
    "which": said(words(("first", "last")), "the first or the last event; last when left out"),
    "with": said({"type": "object", "additionalProperties": {"type": "string"}}, "the feature of each input"),
    "served": said(
        {"enum": [True, False, "sorted"]},
        "whether each run keeps its values, for the API and for exports; sorted: lists are ordered by it, too",
    ),
    "unit": said(SCALAR, "what it is counted in"),
    "label": label("its name on screens"),
    "meaning": said(SCALAR, "a sentence for whoever reads a reason"),
}


def features_schema(names: Iterable[str]) -> Fragment:
    """The schema of feature files in a workspace that has features of these names, which are offered."""
    known = sorted(names)
    properties: dict[str, Fragment] = {**{name: _target(name, known) for name in OPERATIONS}, **KEYS}
    each = [{"required": [name], "propertyNames": words(sorted(keys_of(name)))} for name in OPERATIONS]
    declaration = mapping(properties, ("unit", "label", "meaning"), oneOf=each)
    body = {
        "type": "object",
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
        "additionalProperties": declaration,
    }
    return document("Kehu feature file", body)


def _target(operation: Operation, names: Iterable[str]) -> Fragment:
    """What stands behind the operation: events, a column of theirs, a feature, a model, an attribute, a formula."""
    if operation == "attribute":
        return said(words(ATTRIBUTES), "the customer's own attribute")
    if operation == "model":
        return said(words(models()), "an installed model")
    if operation == "formula":
        return said({"type": "string"}, "an expression of the rule language over other features")
    if operation in DERIVED:
        return said(suggested(names), "another feature")
    if operation in _OF_EVENTS:
        return said(words(STREAMS), "the events that are counted")
    columns = [
        f"{stream.name}.{column}"
        for stream in STREAMS.values()
        for column, kind in stream.types(2).items()
        if not wanted(operation, kind)
    ]
    return said(words(columns), "the events' column")
