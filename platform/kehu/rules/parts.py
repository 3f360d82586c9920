"""A part of a rule book: some of its rule sets, what they ask of others, and the features they ask for."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.conditions import PLACEHOLDER
from kehu.rules.reasons import features_in


def part_of(book: RuleBook, codes: Collection[str]) -> RuleBook:
    """The book with only the rule sets of those codes and those they ask; its digest stays that of the whole."""
    wanted = _closed(codes, {item.code: set(item.asks) for item in book.rulesets})
    return replace(book, rulesets=tuple(item for item in book.rulesets if item.code in wanted))


def exactly(book: RuleBook, codes: Collection[str]) -> RuleBook:
    """The book with the rule sets of those codes alone: to speak of, not to evaluate."""
    return replace(book, rulesets=tuple(item for item in book.rulesets if item.code in codes))


def concerned_by(book: RuleBook, codes: Iterable[str]) -> set[str]:
    """Those codes, and the rule sets that ask for them, directly or through others."""
    askers: dict[str, set[str]] = {}
    for item in book.rulesets:
        for asked in item.asks:
            askers.setdefault(asked, set()).add(item.code)
    return _closed(codes, askers)


def features_of(book: RuleBook) -> set[str]:
    """The features that the book's conditions and reasons name, without what they ask of rule sets."""
    return set().union(*(_of_ruleset(ruleset, book) for ruleset in book.rulesets)) - set(book.answered_by)


def remembering(book: RuleBook) -> set[tuple[str, str]]:
    """Rule set and code of the levels for which it makes a difference who held them before."""
    return {(item.code, level.code) for item in book.rulesets for level in item.levels if level.remembers}


def _of_ruleset(ruleset: RuleSet, book: RuleBook) -> set[str]:
    conditions = (*ruleset.conditions(), *ruleset.keeping())
    asked = set().union(*(features_in(condition, book.schema) for _, condition in conditions))
    return asked | {found[1] for rule in ruleset.warnings for found in PLACEHOLDER.finditer(rule.reason)}


def _closed(codes: Iterable[str], more: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = set(codes)
    while ahead:
        code = ahead.pop()
        if code not in found:
            found.add(code)
            ahead |= more.get(code, set())
    return found
