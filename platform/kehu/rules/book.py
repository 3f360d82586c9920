"""The rule book: every rule set of the directory, checked and ready to be evaluated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import cast

from kehu.model.feature_types import Label, Schema
from kehu.model.problems import Place, Problem
from kehu.rules.conditions import compile_draft
from kehu.rules.examples import UNDATED
from kehu.rules.files import Draft, Entry, Kind, Written, read_draft
from kehu.rules.proof import check_examples
from kehu.rules.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Level:
    """An answer of a rule set. `when` is None for the level that takes the rest."""

    code: str
    label: Label
    when: str | None
    otherwise: bool
    treatment: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WarningRule:
    """A sign that fires; `reason` is its text with {feature} placeholders, `route` the departments told.

    Having cleared, it does not fire again until `cooldown` after it last fired.
    """

    code: str
    label: Label
    when: str
    severity: str
    route: tuple[str, ...]
    reason: str
    cooldown: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One file's question. A tier's levels are exclusive and the first that matches wins; a flag's are independent.

    A score is written as points and bands and means a tier: `written` tells the two apart. `source` is the file's
    text, `digest` its SHA-256.
    """

    code: str
    kind: Kind
    label: Label
    description: str
    levels: tuple[Level, ...]
    warnings: tuple[WarningRule, ...]
    path: str
    source: str
    digest: str
    written: Written = "tier"

    def conditions(self) -> Iterator[tuple[str, str]]:
        """(code, condition) of each level and warning that has one, in order."""
        yield from ((level.code, level.when) for level in self.levels if level.when is not None)
        yield from ((rule.code, rule.when) for rule in self.warnings)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rule sets in the order of their paths, and the schema they were checked against."""

    rulesets: tuple[RuleSet, ...]
    digest: str
    schema: Schema = field(default_factory=dict)

    def ruleset(self, code: str) -> RuleSet:
        """The rule set of that code; raises KeyError when there is none."""
        for ruleset in self.rulesets:
            if ruleset.code == code:
                return ruleset
        raise KeyError(code)


def read_rules(texts: Mapping[str, str], schema: Schema) -> tuple[RuleBook, list[Problem]]:
    """The rule sets in `texts` (path to YAML) without error, and every problem of all files, sorted by place."""
    shapes = Shapes()
    rulesets: list[RuleSet] = []
    first: dict[str, str] = {}
    for path in sorted(texts):
        source = texts[path].removeprefix("\ufeff")
        draft, found = read_draft(source, path)
        if draft is not None:
            found = found + _understood(draft, schema, sound=not found)
            if draft.code in first:
                said = f"rule set '{draft.code}' is also in {first[draft.code]}"
                found.append(Problem(draft.place, "duplicate-code", said, "give one of them another code"))
            first.setdefault(draft.code, path)
            if not any(problem.severity == "error" for problem in found):
                rulesets.append(_ruleset(draft))
        shapes.problems += found
    return RuleBook(tuple(rulesets), _digest(rulesets), schema), sorted(shapes.problems, key=_order)


def _understood(draft: Draft, schema: Schema, *, sound: bool) -> list[Problem]:
    """Problems of the conditions; those of the examples only where the rest of the file is right."""
    compiled, problems = compile_draft(draft, schema, UNDATED)
    shapes = Shapes(problems)
    if sound and not any(problem.severity == "error" for problem in problems):
        check_examples(draft, compiled, schema, shapes)
    return shapes.problems


def _ruleset(draft: Draft) -> RuleSet:
    warning = draft.kind == "warning"
    return RuleSet(
        draft.code,
        draft.kind,
        draft.label,
        draft.description,
        () if warning else tuple(map(_level, draft.entries)),
        tuple(map(_warning, draft.entries)) if warning else (),
        draft.path,
        draft.source,
        sha256(draft.source.replace("\r\n", "\n").encode()).hexdigest(),
        draft.written,
    )


def _level(entry: Entry) -> Level:
    when = None if entry.when is None else entry.when.text
    treatment = cast("Mapping[str, object]", entry.treatment or {})
    return Level(entry.code, entry.label, when, when is None, treatment)


def _warning(entry: Entry) -> WarningRule:
    when = "" if entry.when is None else entry.when.text
    reason = "" if entry.reason is None else entry.reason.text
    return WarningRule(entry.code, entry.label, when, entry.severity, entry.route, reason, entry.cooldown)


def _digest(rulesets: list[RuleSet]) -> str:
    return sha256("".join(f"{item.code} {item.digest}\n" for item in rulesets).encode()).hexdigest()


def _order(problem: Problem) -> tuple[Place, str, str]:
    return (problem.place, problem.check, problem.message)
