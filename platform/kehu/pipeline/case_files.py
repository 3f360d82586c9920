"""Rule tests as analysts write them: cases in YAML, read and checked against the rules they prove."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kehu.features.catalogue import Catalogue
from kehu.features.given_events import GivenEvents, read_events_given
from kehu.features.streams import ATTRIBUTES
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, Scalar, read_yaml
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.evaluate import compile_book
from kehu.rules.examples import UNDATED, read_as_of, read_expected, read_given, read_value
from kehu.rules.shapes import Shapes

FILE_KEYS = ("as_of", "cases")
_DATED = "add 'as_of: 2024-06-30T00:00:00+08:00'"
CASE_KEYS = ("name", "as_of", "customer", "given", "events", "expect", "reasons")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one rule set is to answer, and where that stands."""

    codes: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ExpectedReason:
    """The text a warning is to have; with `warning` '' any warning of the rule set may have it."""

    warning: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """One customer told, and what the rules are to say of it. `attributes` and `given` are as stored.

    Features come from `events` where these are not None, else from `given`.
    """

    name: str
    place: Place
    as_of: datetime
    attributes: Mapping[str, object]
    given: Mapping[str, object]
    events: GivenEvents | None
    expect: Mapping[str, Expectation]
    reasons: Mapping[str, tuple[ExpectedReason, ...]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What cases are checked against; `timed` are the rule sets whose conditions ask what time it is."""

    catalogue: Catalogue
    book: RuleBook
    timed: frozenset[str]


def rules_of(catalogue: Catalogue, book: RuleBook) -> Rules:
    """The rules with what is compiled of them once for all files of cases."""
    compiled = compile_book(book, UNDATED)
    return Rules(catalogue, book, frozenset(ruleset for (ruleset, _), each in compiled.items() if each.asks_time))


def read_cases(text: str, path: str, rules: Rules) -> tuple[list[Case], list[Problem]]:
    """The file's cases that are right, and everything wrong with it."""
    root, problems = read_yaml(text, path)
    if root is None:
        empty = Problem(Place(path), "empty-file", "the file has no cases", "start with 'cases:'")
        return [], problems or [empty]
    shapes = Shapes(problems)
    top = shapes.mapping(root, "a file of cases", FILE_KEYS, ("cases",))
    if top is None:
        return [], shapes.problems
    reader = _Reader(rules, read_as_of(top.get("as_of"), shapes), shapes)
    cases = [case for node in shapes.items(top.get("cases"), "'cases'") if (case := reader.case(node))]
    return cases, shapes.problems


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the cases of one file; `as_of` is that of cases without their own."""

    rules: Rules
    as_of: datetime | None
    shapes: Shapes

    def case(self, node: Node) -> Case | None:
        before = len(self.shapes.problems)
        found = self.shapes.mapping(node, "a case", CASE_KEYS, ("name", "expect"))
        if found is None:
            return None
        as_of = read_as_of(found.get("as_of"), self.shapes) or self.as_of
        case = Case(
            self.shapes.text(found.get("name"), "a name"),
            found.place,
            as_of or UNDATED,
            self._attributes(found.get("customer")),
            self._given(found),
            self._events(found, as_of),
            self._expect(found.get("expect"), as_of),
            self._reasons(found.get("reasons")),
        )
        return case if len(self.shapes.problems) == before else None

    def _attributes(self, node: Node | None) -> dict[str, object]:
        if node is None:
            return {}
        found = self.shapes.mapping(node, "a customer", ATTRIBUTES, ())
        return {
            name: read_value(name, value, ATTRIBUTES[name], self.shapes)
            for name, value in (found.entries.items() if found else ())
            if name in ATTRIBUTES and self._is_scalar(name, value) and isinstance(value, Scalar)
        }

    def _is_scalar(self, name: str, node: Node) -> bool:
        if not isinstance(node, Scalar):
            self.shapes.note(node.place, "example-value", f"'{name}' must be one value")
        return isinstance(node, Scalar)

    def _given(self, found: MappingNode) -> dict[str, object]:
        node = found.get("given")
        if node is None:
            return {}
        if found.get("events") is not None:
            said = "a case has 'given' features or 'events', not both"
            self.shapes.note(found.keys["events"].place, "case-inputs", said, "make two cases of it")
        if not isinstance(node, MappingNode):
            self.shapes.note(node.place, "wrong-shape", "'given' must be a mapping", "such as {revenue_365d: 500000}")
            return {}
        return read_given(node, self.rules.catalogue.schema, self.shapes)

    def _events(self, found: MappingNode, as_of: datetime | None) -> GivenEvents | None:
        node = found.get("events")
        if node is None:
            return None
        if as_of is None:
            said = "what happened is counted as of an instant"
            self.shapes.note(found.keys["events"].place, "example-undated", said, _DATED)
        return read_events_given(node, as_of or UNDATED, self.rules.catalogue.money_digits, self.shapes)

    def _expect(self, node: Node | None, as_of: datetime | None) -> dict[str, Expectation]:
        found = self._by_ruleset(node, "'expect'")
        for ruleset, value in found if as_of is None else ():
            if ruleset.code in self.rules.timed:
                said = f"the conditions of '{ruleset.code}' ask for the time, the case does not say it"
                self.shapes.note(value.place, "example-undated", said, _DATED)
        return {
            ruleset.code: Expectation(read_expected(value, ruleset.kind, _codes(ruleset), self.shapes), value.place)
            for ruleset, value in found
        }

    def _reasons(self, node: Node | None) -> dict[str, tuple[ExpectedReason, ...]]:
        return {ruleset.code: self._texts(ruleset, value) for ruleset, value in self._by_ruleset(node, "'reasons'")}

    def _texts(self, ruleset: RuleSet, node: Node) -> tuple[ExpectedReason, ...]:
        if not isinstance(node, MappingNode):
            return (ExpectedReason("", self.shapes.text(node, "a reason").strip(), node.place),)
        codes = [rule.code for rule in ruleset.warnings]
        return tuple(
            ExpectedReason(
                self.shapes.word(node.keys[name], f"a warning of '{ruleset.code}'", codes),
                self.shapes.text(value, "a reason").strip(),
                value.place,
            )
            for name, value in node.entries.items()
        )

    def _by_ruleset(self, node: Node | None, what: str) -> list[tuple[RuleSet, Node]]:
        if node is None:
            return []
        if not isinstance(node, MappingNode) or not node.entries:
            self.shapes.note(node.place, "wrong-shape", f"{what} must name rule sets", "such as {service_tier: vip}")
            return []
        known = {item.code: item for item in self.rules.book.rulesets}
        for name in node.entries:
            self.shapes.word(node.keys[name], "a rule set", known)
        return [(known[name], value) for name, value in node.entries.items() if name in known]


def _codes(ruleset: RuleSet) -> list[str]:
    return [level.code for level in ruleset.levels] + [rule.code for rule in ruleset.warnings]
