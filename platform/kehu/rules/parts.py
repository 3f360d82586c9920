"""A part of a rule book: some of its rule sets, and the features they ask for."""

from collections.abc import Collection
from dataclasses import replace

from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.conditions import PLACEHOLDER
from kehu.rules.reasons import features_in


def part_of(book: RuleBook, codes: Collection[str]) -> RuleBook:
    """The book with only the rule sets of those codes; its digest stays that of the whole."""
    return replace(book, rulesets=tuple(item for item in book.rulesets if item.code in codes))


def features_of(book: RuleBook) -> set[str]:
    """The features that the book's conditions and reasons name."""
    return set().union(*(_of_ruleset(ruleset, book) for ruleset in book.rulesets))


def _of_ruleset(ruleset: RuleSet, book: RuleBook) -> set[str]:
    asked = set().union(*(features_in(condition, book.schema) for _, condition in ruleset.conditions()))
    return asked | {found[1] for rule in ruleset.warnings for found in PLACEHOLDER.finditer(rule.reason)}
