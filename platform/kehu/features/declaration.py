"""A feature as declared in rules/features/*.yaml, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, get_args

from kehu.features.missing import default_of, misfit
from kehu.features.models import models
from kehu.features.results import result_type, wanted
from kehu.features.streams import ATTRIBUTES, STREAMS, Stream
from kehu.model.feature_types import FeatureInfo, FeatureType, Label
from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, Scalar, as_value, unknown_keys

Operation = Literal[
    "count", "sum", "mean", "share", "min", "max", "first", "last", "distinct", "list", "quantile", "days_since",
    "formula", "rank_of", "percentile_of", "model", "attribute",
]  # fmt: skip
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
# Made of other features rather than of events; all but formulas look at every customer at once.
DERIVED: frozenset[Operation] = frozenset({"formula", "rank_of", "percentile_of", "model"})
POPULATION: frozenset[Operation] = DERIVED - {"formula"}
# What may stand beside the operation; formulas and attributes count no events and take the first line only.
_COMMON = {"missing", "served", "unit", "label", "meaning"}
_COUNTING = {"over", "before", "as", "where"}
_OWN: Mapping[str, set[str]] = {"quantile": {"q"}, "days_since": {"which"}, "share": {"of"}, "model": {"with"}}
_KEYS = {*OPERATIONS, *_COMMON, *_COUNTING, "q", "which", "of", "with"}
# Nothing is 0 of these, so that a customer without events and one without any in the window are alike.
_ZERO_OF_NOTHING = {"count", "sum", "distinct"}
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
# A century: two of them after each other, over and before, stay within the calendar at any instant a run may be at.
_MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class Declaration:
    """One feature. `over` and `before` are lengths of time; over None means all time.

    `column` is '' for a plain count; `text` holds a formula, or the name of an attribute, feature or model;
    `inputs` says which feature each input of a model is; `missing` is the value for "never happened" as
    declared, None when it stays unknown. `served` is where it is marked so, None where it is not;
    `is_sorted` says whether lists are to be ordered by it.
    """

    info: FeatureInfo
    operation: Operation
    stream: Stream | None
    column: str
    role: str
    over: timedelta | None
    before: timedelta
    where: Scalar | None
    of: Scalar | None
    inputs: Mapping[str, Scalar]
    missing: object
    q: float
    which: Literal["first", "last"]
    text: Scalar | None
    served: Place | None
    is_sorted: bool
    place: Place


def read_declaration(name: str, node: Node, money_digits: int) -> tuple[Declaration | None, list[Problem]]:
    """The declaration under `name`; None with its problems when it cannot be used.

    A formula's type is not known yet: it stands as float until the catalogue compiles it.
    """
    if not isinstance(node, MappingNode):
        return None, [Problem(node.place, "feature-shape", f"'{name}' must be a mapping", "e.g. {count: shipments}")]
    problems = unknown_keys(node, _KEYS, "unknown-key")
    chosen = [operation for operation in OPERATIONS if operation in node.entries]
    if problems and not chosen:
        return None, problems
    if len(chosen) != 1:
        remedy = f"write one of {', '.join(OPERATIONS)}"
        return None, [
            *problems,
            Problem(node.place, "feature-operation", f"'{name}' needs exactly one operation", remedy),
        ]
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        return None, [
            *problems,
            Problem(node.place, "feature-name", f"'{name}' is not a feature name", "use a-z, 0-9 and _"),
        ]
    problems += _idle_keys(node, chosen[0])
    reader = _Reader(name, node, money_digits, problems)
    return reader.declaration(chosen[0]), problems


def keys_of(operation: Operation) -> set[str]:
    """What may stand in a declaration of that operation."""
    counting = set() if operation in DERIVED | {"attribute"} else _COUNTING
    return {operation, *_COMMON, *counting, *_OWN.get(operation, ())}


def _idle_keys(node: MappingNode, operation: Operation) -> list[Problem]:
    return [
        Problem(node.keys[key].place, "feature-key", f"'{key}' means nothing to {operation}", "leave it out")
        for key in node.entries
        if key in _KEYS - keys_of(operation)
    ]


class _Reader:
    """Reads one declaration, gathering problems as it goes."""

    def __init__(self, name: str, node: MappingNode, money_digits: int, problems: list[Problem]) -> None:
        self.name, self.node, self.money_digits, self.problems = name, node, money_digits, problems

    def declaration(self, operation: Operation) -> Declaration | None:
        before = len(self.problems)
        target = self._optional(operation)
        stream, column = self._target(operation, target)
        mark = self._optional("served")
        missing, has_missing = self._missing()
        kind = self._type(operation, stream, column, target, has_missing=has_missing)
        self._check_missing(operation, missing, kind)
        result = Declaration(
            info=FeatureInfo(self.name, kind, self._text("unit"), self._label(), self._text("meaning")),
            operation=operation,
            stream=stream,
            column=column,
            role=self._role(stream),
            over=self._length("over"),
            before=self._length("before") or timedelta(),
            where=self._optional("where"),
            of=self._condition_of(operation),
            inputs=self._inputs(operation, target),
            missing=default_of(kind) if not has_missing and not kind.nullable else missing,
            q=self._quantile(operation),
            which=self._which(),
            text=target if operation in DERIVED | {"attribute"} else None,
            served=self._served(mark),
            is_sorted=mark is not None and mark.text == "sorted",
            place=self.node.place,
        )
        return result if len(self.problems) == before else None

    def _target(self, operation: Operation, target: Scalar | None) -> tuple[Stream | None, str]:
        if target is None or operation in DERIVED:
            return None, ""
        if operation == "attribute":
            if target.text not in ATTRIBUTES:
                self._problem(target, f"unknown attribute '{target.text}'", did_you_mean(target.text, ATTRIBUTES))
            return None, target.text
        stream_name, _, column = target.text.partition(".")
        stream = STREAMS.get(stream_name)
        if stream is None:
            self._problem(target, f"unknown events '{stream_name}'", did_you_mean(stream_name, STREAMS))
            return None, column
        wants_column = operation not in {"count", "days_since", "share"}
        if wants_column and column not in stream.types(self.money_digits):
            self._problem(
                target, f"'{stream_name}' has no '{column}'", did_you_mean(column, stream.types(self.money_digits))
            )
        elif not wants_column and column:
            self._problem(
                target, f"{operation} takes events, not their '{column}'", f"write {operation}: {stream_name}"
            )
        if not stream.at and operation in {"days_since", "first", "last"}:
            self._problem(target, f"{stream_name} happen at no instant", "count them instead")
        elif not stream.at and ("over" in self.node.entries or "before" in self.node.entries):
            self._problem(target, f"{stream_name} happen at no instant", "leave out over and before")
        return stream, column

    def _type(
        self, operation: Operation, stream: Stream | None, column: str, target: Scalar | None, *, has_missing: bool
    ) -> FeatureType:
        if operation == "attribute":
            attribute = ATTRIBUTES.get(column, FeatureType("string"))
            return replace(attribute, nullable=attribute.nullable and not has_missing)
        source = stream.types(self.money_digits).get(column) if stream else None
        noun = wanted(operation, source)
        if noun and source is not None and target is not None:
            said = f"{operation} needs {noun}, '{target.text}' holds {source.kind}s"
            self._problem(target, said, "use distinct")
        return result_type(operation, source, nullable=not has_missing)

    def _missing(self) -> tuple[object, bool]:
        node = self.node.get("missing")
        value = as_value(node) if node else None
        return value, node is not None and value is not None

    def _check_missing(self, operation: Operation, value: object, kind: FeatureType) -> None:
        """A formula's missing is checked once its type is known."""
        node = self.node.get("missing")
        if node is None or value is None or operation == "formula":
            return
        if operation in _ZERO_OF_NOTHING:
            remedy = "" if value == 0 and not isinstance(value, bool) else "leave missing out"
        else:
            remedy = misfit(value, kind)
        if remedy:
            said = f"'{value}' cannot stand for a missing {operation}"
            self.problems.append(Problem(node.place, "feature-missing", said, remedy))

    def _role(self, stream: Stream | None) -> str:
        if stream is None:
            return ""
        given = self._optional("as")
        if given is None:
            return next(iter(stream.roles))
        if given.text not in stream.roles:
            self._problem(given, f"'{given.text}' is no role in {stream.name}", did_you_mean(given.text, stream.roles))
        return given.text

    def _length(self, key: str) -> timedelta | None:
        node = self._optional(key)
        if node is None or (key == "over" and node.text == "all time"):
            return None
        found = re.fullmatch(r"(\d{1,5}) (days?|weeks?)", node.text)
        if found is None or int(found[1]) == 0:
            self._problem(node, f"'{node.text}' is not a length of time", "write for example 90 days or 13 weeks")
            return None
        days = int(found[1]) * _UNITS[found[2]]
        if days > _MOST_DAYS:
            self._problem(
                node, f"'{node.text}' is longer than {_MOST_DAYS:,} days", "leave it out, or give a shorter one"
            )
            return None
        return timedelta(days=days)

    def _quantile(self, operation: Operation) -> float:
        node = self._optional("q")
        value = as_value(node) if node else None
        if operation != "quantile":
            return 0.0
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            self.problems.append(Problem((node or self.node).place, "feature-q", "q must lie between 0 and 1"))
            return 0.0
        return float(value)

    def _condition_of(self, operation: Operation) -> Scalar | None:
        node = self._optional("of")
        if operation == "share" and node is None:
            remedy = "write of: and a condition on the events that make the share"
            self.problems.append(Problem(self.node.place, "feature-of", f"'{self.name}' does not say of which", remedy))
        return node

    def _inputs(self, operation: Operation, target: Scalar | None) -> dict[str, Scalar]:
        if operation != "model" or target is None:
            return {}
        model = models().get(target.text)
        if model is None:
            self._problem(target, f"no model '{target.text}' is installed", did_you_mean(target.text, models()))
            return {}
        node = self.node.get("with")
        given = node.entries if isinstance(node, MappingNode) else {}
        if set(given) != set(model.inputs) or not all(isinstance(value, Scalar) for value in given.values()):
            place = (node or self.node).place
            remedy = f"write with: {{{', '.join(f'{name}: FEATURE' for name in model.inputs)}}}"
            said = f"model '{target.text}' needs a feature for each of {', '.join(model.inputs)} and nothing else"
            self.problems.append(Problem(place, "feature-with", said, remedy))
        return {name: value for name, value in given.items() if isinstance(value, Scalar)}

    def _which(self) -> Literal["first", "last"]:
        node = self._optional("which")
        if node is not None and node.text not in {"first", "last"}:
            self._problem(node, f"'{node.text}' is neither first nor last", "write which: first or which: last")
        return "first" if node is not None and node.text == "first" else "last"

    def _served(self, node: Scalar | None) -> Place | None:
        value = as_value(node) if node else False
        is_sorted = node is not None and node.text == "sorted"
        if node is not None and not is_sorted and not isinstance(value, bool):
            said = f"'{node.text}' is neither true, sorted nor false"
            self.problems.append(Problem(node.place, "feature-served", said, "write served: true, or leave it out"))
        return node.place if node is not None and (is_sorted or value is True) else None

    def _label(self) -> Label:
        value = as_value(self.node.get("label") or self.node)
        found = value if isinstance(value, dict) else {}
        labels = {language: text for language, text in found.items() if not isinstance(text, dict | list)}
        if not (labels.get("en") and labels.get("zh")):
            place = (self.node.get("label") or self.node).place
            remedy = "write label: {en: …, zh: …}"
            self.problems.append(
                Problem(place, "label", f"'{self.name}' needs its label in English and Chinese", remedy)
            )
        return Label(str(labels.get("en", "")), str(labels.get("zh", "")))

    def _text(self, key: str) -> str:
        node = self._optional(key)
        if node is None:
            self.problems.append(Problem(self.node.place, "feature-" + key, f"'{self.name}' needs its {key}"))
        return "" if node is None else node.text

    def _optional(self, key: str) -> Scalar | None:
        node = self.node.get(key)
        if node is not None and not isinstance(node, Scalar):
            self.problems.append(Problem(node.place, "feature-shape", f"'{key}' must be a text"))
            return None
        return node

    def _problem(self, node: Scalar, message: str, remedy: str) -> None:
        self.problems.append(Problem(node.place, "feature", message, remedy))
