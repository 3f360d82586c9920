"""The rule directory's texts read into a rule book, with everything that is wrong with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kehu.model.feature_types import Schema
from kehu.model.problems import Place, Problem
from kehu.rules.book import RuleBook, RuleSet, digest_of, ruleset_of
from kehu.rules.conditions import PLACEHOLDER, CompiledDraft, compile_draft
from kehu.rules.examples import UNDATED
from kehu.rules.files import Draft, read_drafts
from kehu.rules.gauges import NO_GAUGES, Gauges
from kehu.rules.proof import check_examples
from kehu.rules.references import circles, level_types, names_of, taken_names
from kehu.rules.shapes import Shapes
from kehu.rules.suspicions import suspicions


def read_rules(texts: Mapping[str, str], schema: Schema, gauges: Gauges = NO_GAUGES) -> tuple[RuleBook, list[Problem]]:
    """The rule sets in `texts` (path to YAML) without error, and every problem of all files, sorted by place.

    A rule set that asks for one that is wrong is left out as well, without another word.
    """
    pages: list[_Page] = []
    problems: list[Problem] = []
    for path in sorted(texts):
        found, more = read_drafts(texts[path].removeprefix("\ufeff"), path)
        broken = any(problem.severity == "error" for problem in more)
        pages += [_Page(draft, wrong, is_in_broken_file=broken) for draft, wrong in found]
        problems += more
    drafts = [page.draft for page in pages]
    whole = {**level_types(drafts), **schema}
    answered_by = names_of(drafts)
    for page in pages:
        page.understand(whole, answered_by)
    _check_codes(pages)
    _check_names(pages, schema)
    _check_circles(pages)
    rulesets = _sound(pages)
    book = RuleBook(tuple(rulesets), digest_of(rulesets), whole, answered_by)
    problems += [problem for page in pages for problem in page.problems]
    problems += suspicions([page.draft for page in pages if page.is_compiled], whole, gauges)
    return book, sorted(problems, key=_order)


@dataclass(slots=True)
class _Page:
    """A draft and what has been found of it so far; `asks` are the rule sets whose levels it names.

    `is_compiled` says that only its examples may still be wrong.
    """

    draft: Draft
    problems: list[Problem]
    is_in_broken_file: bool
    is_compiled: bool = False
    asks: set[str] = field(default_factory=set)

    @property
    def is_sound(self) -> bool:
        return not (self.is_in_broken_file or any(problem.severity == "error" for problem in self.problems))

    def understand(self, schema: Schema, answered_by: Mapping[str, str]) -> None:
        """Compile the conditions; the examples are tried only where the rest of the file is right."""
        compiled = compile_draft(self.draft, schema, UNDATED)
        was_right, self.asks = self.is_sound, _asked(self.draft, compiled, answered_by)
        self.problems += compiled.problems
        shapes = Shapes(self.problems)
        self.is_compiled = was_right and self.is_sound
        if self.is_compiled:
            check_examples(self.draft, compiled, schema, shapes)


def _asked(draft: Draft, compiled: CompiledDraft, answered_by: Mapping[str, str]) -> set[str]:
    named = set().union(*(each.features for each in compiled.all))
    reasons = (entry.reason.text for entry in draft.entries if entry.reason is not None)
    named |= {found[1] for reason in reasons for found in PLACEHOLDER.finditer(reason)}
    return {answered_by[name] for name in named if name in answered_by}


def _check_codes(pages: Iterable[_Page]) -> None:
    """Rule sets of one code are versions of it: of one kind, and never two in force."""
    versions: dict[str, list[Draft]] = {}
    for page in pages:
        draft = page.draft
        if not draft.code:
            continue
        for other in versions.setdefault(draft.code, []):
            if draft.kind != other.kind:
                said = f"rule set '{draft.code}' is a {other.kind} in {other.place}"
                page.problems.append(Problem(draft.place, "duplicate-code", said, "give one of them another code"))
            elif draft.effective.overlaps(other.effective):
                said = f"rule set '{draft.code}' is also in {_where(other, draft)}"
                remedy = "give one of them another code, or 'effective' dates that do not overlap"
                page.problems.append(Problem(draft.place, "duplicate-code", said, remedy))
        versions[draft.code].append(draft)


def _where(other: Draft, draft: Draft) -> str:
    return f"this file, on line {other.place.line}" if other.path == draft.path else other.path


def _check_names(pages: Iterable[_Page], schema: Schema) -> None:
    pages = list(pages)
    for draft, problem in taken_names([page.draft for page in pages], schema):
        for page in pages:
            if page.draft is draft:
                page.problems.append(problem)


def _check_circles(pages: Iterable[_Page]) -> None:
    asks: dict[str, set[str]] = {}
    versions: dict[str, list[_Page]] = {}
    for page in pages:
        asks.setdefault(page.draft.code, set()).update(page.asks)
        versions.setdefault(page.draft.code, []).append(page)
    for circle in circles(asks):
        said = f"these rule sets ask for each other: {' → '.join(circle)}"
        if len(set(circle)) == 1:
            said = f"'{circle[0]}' asks for its own answer"
        remedy = "break the circle; a level is kept longer by 'keep_while'"
        for page in versions[circle[0]]:
            if circle[1] in page.asks:
                page.problems.append(Problem(page.draft.place, "rule-circle", said, remedy))


def _sound(pages: Iterable[_Page]) -> list[RuleSet]:
    kept = [page for page in pages if page.is_sound]
    while True:
        there = {page.draft.code for page in kept}
        whole = [page for page in kept if page.asks <= there]
        if len(whole) == len(kept):
            return [ruleset_of(page.draft, page.asks) for page in whole]
        kept = whole


def _order(problem: Problem) -> tuple[Place, str, str]:
    return (problem.place, problem.check, problem.message)
