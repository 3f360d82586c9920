"""Rule tests as analysts write them: cases in YAML, read and checked against the rules they prove."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from kehu.features.catalogue import Catalogue
from kehu.features.given_events import GivenEvents, read_events_given
from kehu.features.streams import ATTRIBUTES
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, Scalar, read_documents
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.effective import ALWAYS
from kehu.rules.evaluate import compile_book, compile_keeping
from kehu.rules.examples import UNDATED, read_as_of, read_expected, read_given, read_value
from kehu.rules.held import HeldLevel, read_held
from kehu.rules.shapes import Shapes

FILE_KEYS = ("as_of", "cases")
_DATED = "add 'as_of: 2024-06-30T00:00:00+08:00'"
CASE_KEYS = ("name", "as_of", "customer", "given", "events", "held", "expect", "reasons")


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

    Features come from `events` where these are not None, else from `given`; `held` are levels held already.
    """

    name: str
    place: Place
    as_of: datetime
    attributes: Mapping[str, object]
    given: Mapping[str, object]
    events: GivenEvents | None
    expect: Mapping[str, Expectation]
    reasons: Mapping[str, tuple[ExpectedReason, ...]]
    held: Mapping[str, tuple[HeldLevel, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What cases are checked against; `timed` are the rule sets whose answer depends on the time it is asked."""

    catalogue: Catalogue
    book: RuleBook
    timed: frozenset[str]


def rules_of(catalogue: Catalogue, book: RuleBook) -> Rules:
    """The rules with what is compiled of them once for all files of cases."""
    return Rules(catalogue, book, frozenset(item.code for item in book.rulesets if _is_timed(item, book)))


def _is_timed(ruleset: RuleSet, book: RuleBook) -> bool:
    alone = replace(book, rulesets=(ruleset,))
    compiled = (*compile_book(alone, UNDATED).values(), *compile_keeping(alone, UNDATED).values())
    return ruleset.effective != ALWAYS or any(each.asks_time for each in compiled)


def read_cases(text: str, path: str, rules: Rules) -> tuple[list[Case], list[Problem]]:
    """The file's cases that are right, and everything wrong with it."""
    roots, problems = read_documents(text, path)
    if not roots:
        empty = Problem(Place(path), "empty-file", "the file has no cases", "start with 'cases:'")
        return [], problems or [empty]
    shapes = Shapes(problems)
    cases: list[Case] = []
    for root in roots:
        top = shapes.mapping(root, "a file of cases", FILE_KEYS, ("cases",))
        if top is not None:
            reader = _Reader(rules, read_as_of(top.get("as_of"), shapes), shapes)
            cases += [case for node in shapes.items(top.get("cases"), "'cases'") if (case := reader.case(node))]
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
            self._reasons(found.get("reasons"), as_of),
            self._held(found.get("held"), as_of),
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
        found = self._by_ruleset(node, "'expect'", as_of)
        for ruleset, value in found if as_of is None else ():
            if ruleset.code in self.rules.timed:
                said = f"the conditions of '{ruleset.code}' ask for the time, the case does not say it"
                self.shapes.note(value.place, "example-undated", said, _DATED)
        return {
            ruleset.code: Expectation(read_expected(value, ruleset.kind, _codes(ruleset), self.shapes), value.place)
            for ruleset, value in found
        }

    def _reasons(self, node: Node | None, as_of: datetime | None) -> dict[str, tuple[ExpectedReason, ...]]:
        found = self._by_ruleset(node, "'reasons'", as_of)
        return {ruleset.code: self._texts(ruleset, value) for ruleset, value in found}

    def _held(self, node: Node | None, as_of: datetime | None) -> dict[str, tuple[HeldLevel, ...]]:
        return {
            ruleset.code: read_held(value, ruleset.kind, _codes(ruleset), self.shapes)
            for ruleset, value in self._by_ruleset(node, "'held'", as_of)
        }

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

    def _by_ruleset(self, node: Node | None, what: str, as_of: datetime | None) -> list[tuple[RuleSet, Node]]:
        if node is None:
            return []
        if not isinstance(node, MappingNode) or not node.entries:
            self.shapes.note(node.place, "wrong-shape", f"{what} must name rule sets", "such as {service_tier: vip}")
            return []
        book = self.rules.book
        now = book.in_force(as_of or UNDATED)
        known = {item.code: item for item in (*book.latest().rulesets, *now.rulesets)}
        for name in node.entries:
            self.shapes.word(node.keys[name], "a rule set", known)
        return [(known[name], value) for name, value in node.entries.items() if name in known]


def _codes(ruleset: RuleSet) -> list[str]:
    return [level.code for level in ruleset.levels] + [rule.code for rule in ruleset.warnings]
