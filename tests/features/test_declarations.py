"""Wrong feature files: every problem at once, each with its place and remedy."""

import re

import pytest

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.model.feature_types import FeatureType
from kehu.model.problems import Place

SAID = "unit: u\n  label: {en: e, zh: 中}\n  meaning: m"


def read(*items: str, digits: int = 2) -> tuple[Catalogue, list[str]]:
    """The catalogue of `name: first line` items, the rest added; problems as shown."""
    text = "\n".join(f"{item}\n  {SAID}" for item in items) + "\n"
    catalogue, problems = read_catalogue({"f.yaml": text}, digits)
    return catalogue, [str(problem).removeprefix("f.yaml:") for problem in problems]


@pytest.mark.parametrize(
    ("_case", "item", "problem"),
    [
        ("no operation", "x:", "2:3: error[feature-operation]: 'x' needs exactly one operation"),
        ("two", "x:\n  count: visits\n  sum: visits.delivery", "2:3: error[feature-operation]: 'x' needs exactly one"),
        (
            "a typing error",
            "x:\n  cuont: visits",
            "2:3: error[unknown-key]: unknown key 'cuont' (did you mean 'count'?",
        ),
        (
            "unknown events",
            "x:\n  count: visit",
            "2:10: error[feature]: unknown events 'visit' (did you mean 'visits'?",
        ),
        ("a number", "x:\n  count: 5", "2:10: error[feature]: unknown events '5' (choose one of complaints, contacts"),
        ("a list", "x:\n  count: [visits]", "2:10: error[feature-shape]: 'count' must be a text"),
        ("unknown column", "x:\n  sum: visits.delivry", "2:8: error[feature]: 'visits' has no 'delivry' (did you mean"),
        ("no column", "x:\n  sum: visits", "2:8: error[feature]: 'visits' has no ''"),
        (
            "a column too many",
            "x:\n  count: visits.delivery",
            "2:10: error[feature]: count takes events, not their 'delivery' (write count: visits)",
        ),
        (
            "a sum of words",
            "x:\n  sum: visits.purpose",
            "2:8: error[feature]: sum needs numbers, 'visits.purpose' holds strings (use distinct)",
        ),
        (
            "a list of amounts",
            "x:\n  list: shipments.revenue",
            "2:9: error[feature]: list needs texts or whole numbers, 'shipments.revenue' holds decimals (use distinct)",
        ),
        (
            "what stands for an empty list",
            "x:\n  list: shipments.service\n  missing: none",
            "3:12: error[feature-missing]: 'none' cannot stand for a missing list (leave missing out: of nothing",
        ),
        (
            "a mean of instants",
            "x:\n  mean: visits.held_at",
            "2:9: error[feature]: mean needs numbers, 'visits.held_at' holds instants",
        ),
        (
            "an attribute",
            "x:\n  attribute: town",
            "2:14: error[feature]: unknown attribute 'town' (choose one of city,",
        ),
        (
            "a role",
            "x:\n  count: shipments\n  as: sender",
            "3:7: error[feature]: 'sender' is no role in shipments (choose one of consignee, payer, shipper)",
        ),
        (
            "a role of others",
            "x:\n  count: visits\n  as: payer",
            "3:7: error[feature]: 'payer' is no role in visits (choose one of customer)",
        ),
        (
            "a length",
            "x:\n  count: visits\n  over: 3 months",
            "3:9: error[feature]: '3 months' is not a length of time (write for example 90 days or 13 weeks)",
        ),
        (
            "a length out of the calendar",
            "x:\n  count: visits\n  over: 5218 weeks",
            "3:9: error[feature]: '5218 weeks' is longer than 36,525 days",
        ),
        (
            "a length out of the calendar before",
            "x:\n  count: visits\n  over: 36525 days\n  before: 36526 days",
            "4:11: error[feature]: '36526 days' is longer than 36,525 days",
        ),
        ("no days", "x:\n  count: visits\n  over: 0 days", "3:9: error[feature]: '0 days' is not a length of time"),
        (
            "before all time",
            "x:\n  count: visits\n  before: all time",
            "3:11: error[feature]: 'all time' is not a length of time",
        ),
        (
            "a window of contacts",
            "x:\n  count: contacts\n  over: 9 days",
            "2:10: error[feature]: contacts happen at no instant (leave out over and before)",
        ),
        (
            "days since contacts",
            "x:\n  days_since: contacts",
            "2:15: error[feature]: contacts happen at no instant (count them instead)",
        ),
        (
            "no q",
            "x:\n  quantile: visits.delivery",
            "2:3: error[feature-q]: q must lie between 0 and 1",
        ),
        (
            "q above 1",
            "x:\n  quantile: visits.delivery\n  q: 1.1",
            "3:6: error[feature-q]: q must lie between 0 and 1",
        ),
        (
            "which",
            "x:\n  days_since: visits\n  which: newest",
            "3:10: error[feature]: 'newest' is neither first nor last (write which: first or which: last)",
        ),
        (
            "q of a sum",
            "x:\n  sum: visits.delivery\n  q: 0.5",
            "3:3: error[feature-key]: 'q' means nothing to sum (leave it out)",
        ),
        (
            "which of a count",
            "x:\n  count: visits\n  which: last",
            "3:3: error[feature-key]: 'which' means nothing to count (leave it out)",
        ),
        (
            "a window of a formula",
            "x:\n  formula: 1.5 + 1\n  over: 9 days",
            "3:3: error[feature-key]: 'over' means nothing to formula (leave it out)",
        ),
        (
            "a condition of an attribute",
            "x:\n  attribute: city\n  where: city == null",
            "3:3: error[feature-key]: 'where' means nothing to attribute (leave it out)",
        ),
        (
            "an unknown word in a condition",
            "x:\n  count: visits\n  where: delivry == 1",
            "3:10: error[unknown-feature]: unknown feature 'delivry' (did you mean 'delivery'?",
        ),
        (
            "unknown is not asked for",
            "x:\n  count: visits\n  where: delivery > 1",
            "3:10: error[nullable-operand]: 'delivery' may be unknown",
        ),
        (
            "a broken formula",
            "x:\n  formula: 1 +",
            "2:15: error[syntax]: ",
        ),
        (
            "a formula over nothing known",
            "x:\n  formula: yy + 1",
            "2:12: error[unknown-feature]: unknown feature 'yy'",
        ),
        (
            "missing days",
            "x:\n  days_since: visits\n  missing: never",
            "3:12: error[feature-missing]: 'never' cannot stand for a missing days_since (write a whole number such",
        ),
        (
            "missing a fraction of a day",
            "x:\n  days_since: visits\n  missing: 0.5",
            "3:12: error[feature-missing]: '0.5' cannot stand for a missing days_since",
        ),
        (
            "missing a truth of a number",
            "x:\n  days_since: visits\n  missing: true",
            "3:12: error[feature-missing]: 'True' cannot stand for a missing days_since",
        ),
        (
            "missing tenths of cents",
            "x:\n  max: shipments.cost\n  missing: 0.125",
            "3:12: error[feature-missing]: '0.125' cannot stand for a missing max (write a number with at most 2 deci",
        ),
        (
            "missing an unheard-of word",
            "x:\n  max: shipments.status\n  missing: none",
            "3:12: error[feature-missing]: 'none' cannot stand for a missing max (write one of accepted, in_transit,",
        ),
        (
            "missing an instant",
            "x:\n  max: visits.held_at\n  missing: 0",
            "3:12: error[feature-missing]: '0' cannot stand for a missing max (leave missing out: no instant stands",
        ),
        (
            "a count of nothing is 0",
            "x:\n  count: visits\n  missing: 1",
            "3:12: error[feature-missing]: '1' cannot stand for a missing count (leave missing out)",
        ),
        (
            "a formula's missing",
            "x:\n  formula: 'true'\n  missing: 2",
            "2:3: error[feature-missing]: '2' cannot stand for a missing 'x' (write true or false)",
        ),
        (
            "a name",
            "X-1:\n  count: visits",
            "2:3: error[feature-name]: 'X-1' is not a feature name (use a-z, 0-9 and _)",
        ),
        (
            "a word of rules",
            "not:\n  count: visits",
            "2:3: error[duplicate-feature]: the name 'not' is taken (rename it",
        ),
    ],
)
def test_a_wrong_declaration_is_told_with_its_place(_case: str, item: str, problem: str) -> None:
    catalogue, problems = read(item)
    assert [found[: len(problem)] for found in problems][-1:] == [problem]
    assert len(problems) == 1
    assert [info.name for info in catalogue.infos] in ([], ["x"] if "feature-key" in problem else [])


def test_all_problems_of_all_files_are_told_at_once() -> None:
    texts = {
        "a.yaml": "x:\n  count: visit\n  over: 3 months\n  as: payer\n",
        "b.yaml": "- a list\n",
        "c.yaml": "x:\n  y: [\n",
        "d.yaml": "z: 3\n",
        "e.yaml": "",
    }
    _, problems = read_catalogue(texts, 2)
    assert [(str(problem.place), problem.check) for problem in problems] == [
        ("a.yaml:2:10", "feature"),
        ("a.yaml:2:3", "feature-unit"),
        ("a.yaml:2:3", "label"),
        ("a.yaml:2:3", "feature-meaning"),
        ("a.yaml:3:9", "feature"),
        ("b.yaml:1:1", "feature-shape"),
        ("c.yaml:3:1", "yaml-syntax"),
        ("d.yaml:1:4", "feature-shape"),
    ]


@pytest.mark.parametrize(
    ("_case", "label"),
    [
        ("none", ""),
        ("one language", "  label: {en: e}"),
        ("an empty one", "  label: {en: e, zh: }"),
        ("a text", "  label: e"),
    ],
)
def test_a_feature_needs_its_label_in_both_languages(_case: str, label: str) -> None:
    text = f"x:\n  count: visits\n  unit: u\n  meaning: m\n{label}\n"
    _, problems = read_catalogue({"f.yaml": text}, 2)
    assert [(problem.check, problem.message, problem.remedy) for problem in problems] == [
        ("label", "'x' needs its label in English and Chinese", "write label: {en: …, zh: …}")
    ]


def test_a_name_is_taken_once_over_all_files() -> None:
    text = f"x:\n  count: visits\n  {SAID}\n"
    catalogue, problems = read_catalogue({"a.yaml": text, "b.yaml": text}, 2)
    assert [str(problem) for problem in problems] == [
        "b.yaml:2:3: error[duplicate-feature]: the name 'x' is taken (rename it)"
    ]
    assert [item.info.name for item in catalogue.declarations] == ["x"]


def test_every_circle_is_told_once_and_what_stands_on_it_is_left_out() -> None:
    catalogue, problems = read(
        "a:\n  formula: b + 1",
        "b:\n  formula: a + 1",
        "c:\n  formula: c + 1",
        "d:\n  formula: c + a",
        "e:\n  formula: n + 1",
        "n:\n  count: visits",
    )
    assert [re.sub(" → .*", "", problem) for problem in problems] == [
        "2:3: error[feature-cycle]: these features need each other: a",
        "12:3: error[feature-cycle]: these features need each other: c",
    ]
    assert [item.info.name for item in catalogue.declarations] == ["n", "e"]


def test_what_needs_a_wrong_feature_is_left_out_without_another_word() -> None:
    catalogue, problems = read(
        "a:\n  count: visit", "b:\n  formula: a + 1", "c:\n  formula: 1 + b", "d:\n  formula: 1 +", "e:\n  formula: d"
    )
    assert len(problems) == 2
    assert catalogue.declarations == ()


def test_formulas_are_computed_after_what_they_need_whatever_the_order_of_files() -> None:
    catalogue, problems = read("c:\n  formula: b * 2", "b:\n  formula: a * 2", "a:\n  count: visits")
    assert problems == []
    assert [item.info.name for item in catalogue.declarations] == ["a", "b", "c"]
    assert {info.name: info.needs for info in catalogue.infos} == {"a": (), "b": ("a",), "c": ("b",)}


@pytest.mark.parametrize(
    ("_case", "item", "expected"),
    [
        ("a count", "count: visits", FeatureType("integer")),
        ("a sum of amounts", "sum: shipments.cost", FeatureType("decimal", scale=2)),
        ("a sum of truths", "sum: shipments.late", FeatureType("integer")),
        ("a sum of days", "sum: shipments.transit_days", FeatureType("float")),
        ("a mean of amounts", "mean: shipments.cost", FeatureType("float", nullable=True)),
        ("the greatest amount", "max: shipments.cost", FeatureType("decimal", nullable=True, scale=2)),
        ("the last instant", "max: visits.held_at", FeatureType("instant", nullable=True)),
        ("days since", "days_since: visits", FeatureType("integer", nullable=True)),
        ("with a missing", "days_since: visits\n  missing: 0", FeatureType("integer")),
        ("with an unknown missing", "days_since: visits\n  missing: null", FeatureType("integer", nullable=True)),
        ("an attribute", "attribute: kind", FeatureType("string", words=("company", "person", "project"))),
        ("a formula that always has a value", "formula: 1.5 > 1", FeatureType("boolean")),
    ],
)
def test_a_feature_has_the_type_rules_are_checked_against(_case: str, item: str, expected: FeatureType) -> None:
    catalogue, problems = read(f"x:\n  {item}")
    assert problems == []
    assert catalogue.schema == {"x": expected}


def test_amounts_have_the_decimals_of_the_currency() -> None:
    assert read("x:\n  sum: shipments.cost", digits=0)[0].schema["x"] == FeatureType("decimal", scale=0)
    assert read("x:\n  sum: shipments.cost", digits=3)[0].schema["x"] == FeatureType("decimal", scale=3)


def test_the_digest_changes_with_any_text_or_the_currency_and_not_with_names() -> None:
    text = f"x:\n  count: visits\n  {SAID}\n"
    digests = [
        read_catalogue({"a.yaml": text}, 2)[0].digest,
        read_catalogue({"a.yaml": text + "# more\n"}, 2)[0].digest,
        read_catalogue({"a.yaml": text}, 0)[0].digest,
    ]
    assert len(set(digests)) == 3
    assert read_catalogue({"elsewhere/b.yaml": text}, 2)[0].digest == digests[0]


def test_a_problem_knows_its_place_inside_a_folded_text() -> None:
    text = f"x:\n  count: visits\n  where: |\n    delivery == null\n    or delivry == 1\n  {SAID}\n"
    _, problems = read_catalogue({"f.yaml": text}, 2)
    assert [problem.place for problem in problems] == [Place("f.yaml", 5, 8)]


def test_features_are_served_where_they_are_marked() -> None:
    catalogue, problems = read("a:\n  count: visits\n  served: true", "b:\n  count: visits\n  served: false")
    assert problems == []
    assert {item.info.name: item.served for item in catalogue.declarations} == {"a": Place("f.yaml", 3, 11), "b": None}


def test_neither_lists_nor_other_words_than_truths_are_served() -> None:
    _, problems = read("a:\n  list: shipments.service\n  served: true", "b:\n  count: visits\n  served: always")
    remedy = "serve a number made of it, such as its distinct values"
    assert problems == [
        "9:11: error[feature-served]: 'always' is neither true, sorted nor false (write served: true, or leave it out)",
        f"3:11: error[feature-served]: 'a' is a list, which is not kept ({remedy})",
    ]


def test_lists_are_ordered_by_at_most_four_features_that_are_whole() -> None:
    counts = [f"n{number}:\n  count: visits\n  served: sorted" for number in range(5)]
    rate = "a:\n  mean: shipments.on_time\n  served: sorted"
    _, problems = read(rate, *counts)
    said = "'a' holds floats: lists are ordered by whole numbers, amounts and instants (write served: true)"
    more = "'n4' finds no slot: 4 features to order by are kept at most (mark it instead of one of n0, n1, n2, n3)"
    assert problems == [f"3:11: error[feature-served]: {said}", f"33:11: error[feature-served]: {more}"]


def test_more_served_features_than_there_are_slots_are_refused_where_they_are_marked() -> None:
    words = [f"w{number}:\n  last: visits.purpose\n  served: true" for number in range(5)]
    _, (problem,) = read("a:\n  count: visits\n  served: true", *words)
    said = "'w4' finds no slot: 4 texts are kept at most (mark it instead of one of w0, w1, w2, w3)"
    assert problem == f"33:11: error[feature-served]: {said}"
