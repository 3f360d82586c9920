"""A feature told whole: its window's edges, what stands for never, who needs and uses it."""

import pytest

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.description import FeatureDescription, describe
from kehu.model.feature_types import FeatureInfo, FeatureType, Label
from kehu.rules.book import RuleBook
from kehu.rules.reading import read_rules

SAID = "unit: u, label: {en: E, zh: 中}, meaning: m"
FEATURES = f"""# what is counted

paid:
  sum: shipments.revenue
  over: 90 days  # a quarter
  {SAID.replace(", ", chr(10) + "  ", 1).replace(", meaning", chr(10) + "  meaning")}
before: {{count: shipments, over: 13 weeks, before: 1 day, {SAID}}}
ever: {{count: complaints, {SAID}}}
long_ago: {{count: complaints, before: 365 days, {SAID}}}
people: {{count: contacts, {SAID}}}
region: {{attribute: region, {SAID}}}
kind: {{attribute: kind, {SAID}}}
gap: {{quantile: shipments.gap_days, q: 0.9, missing: 30.5, {SAID}}}
share: {{formula: paid / before, {SAID}}}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - {warning: many, label: {en: E, zh: 中}, when: before > 3, severity: low, route: [a], reason: "{before}, {paid}"}
  - {warning: none, label: {en: E, zh: 中}, when: ever > 3, severity: low, route: [a], reason: "x"}
examples:
  - {given: {before: 4}, expect: many}
  - {given: {ever: 4}, expect: none}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    catalogue, problems = read_catalogue({"features.yaml": FEATURES}, 2)
    assert [str(problem) for problem in problems] == []
    return catalogue


@pytest.fixture(scope="module")
def book(catalogue: Catalogue) -> RuleBook:
    book, problems = read_rules({"signs.yaml": SIGNS}, catalogue.schema)
    assert [str(problem) for problem in problems] == []
    return book


def test_a_feature_is_told_whole(catalogue: Catalogue, book: RuleBook) -> None:
    assert describe("paid", catalogue, book, {"features.yaml": FEATURES}) == FeatureDescription(
        info=FeatureInfo("paid", FeatureType("decimal", scale=2), "u", Label("E", "中"), "m"),
        declaration=(
            "paid:\n  sum: shipments.revenue\n  over: 90 days  # a quarter\n"
            "  unit: u\n  label: {en: E, zh: 中}\n  meaning: m"
        ),
        place="features.yaml:3",
        window="(as-of minus 90 days, as-of], UTC",
        never="0",
        needs=(),
        needed_by=("share",),
        used_by=("signs/many",),
    )


@pytest.mark.parametrize(
    ("name", "window", "never"),
    [
        ("before", "(as-of minus 92 days, as-of minus 1 day], UTC", "0"),
        ("ever", "all time up to as-of inclusive, UTC", "0"),
        ("long_ago", "all time up to as-of minus 365 days inclusive, UTC", "0"),
        ("people", "none: what was last loaded counts", "0"),
        ("region", "none: what was last loaded counts", "unknown (null)"),
        ("kind", "none: what was last loaded counts", "never absent"),
        ("gap", "all time up to as-of inclusive, UTC", "30.5"),
        ("share", "that of the features it needs", "unknown (null)"),
    ],
)
def test_the_window_and_the_value_for_never_are_words(
    name: str, window: str, never: str, catalogue: Catalogue, book: RuleBook
) -> None:
    found = describe(name, catalogue, book, {"features.yaml": FEATURES})
    assert (found.window, found.never) == (window, never)


def test_a_formula_names_what_it_needs(catalogue: Catalogue, book: RuleBook) -> None:
    assert describe("share", catalogue, book, {}).needs == ("before", "paid")


def test_a_feature_that_is_not_there_is_told(catalogue: Catalogue, book: RuleBook) -> None:
    with pytest.raises(KeyError, match="pay"):
        describe("pay", catalogue, book, {})
