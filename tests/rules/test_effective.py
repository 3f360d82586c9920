"""Versions of a rule set take over from each other; several rule sets may stand in one file."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from kehu.model.feature_types import FeatureType
from kehu.rules.effective import ALWAYS, Effective, always
from kehu.rules.reading import read_rules

SCHEMA = {"n": FeatureType("integer")}
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def version(threshold: int, effective: str) -> str:
    return f"""ruleset: size
kind: tier
label: {{en: Size, zh: 规模}}
effective: {effective}
levels:
  - level: large
    label: {{en: Large, zh: 大}}
    when: n >= {threshold}
examples:
  - {{given: {{n: {threshold}}}, expect: large}}
  - {{given: {{n: {threshold - 1}}}, expect: null}}
"""


OLD, NEW = version(10, "{until: 2027-01-01}"), version(20, "{from: 2027-01-01}")
SECOND = OLD.replace("ruleset: size", "ruleset: extent")
FLOW = """{ruleset: extent, kind: tier, label: {en: Extent, zh: 规模}, levels: [
  {level: wide, label: {en: Wide, zh: 宽}, when: n >= 10}],
  examples: [{given: {n: 10}, expect: wide}, {given: {n: 9}, expect: null}]}
"""


@pytest.mark.parametrize(
    ("_case", "as_of", "expected"),
    [
        ("before", NEW_YEAR - TICK, ["n >= 10"]),
        ("on the day itself", NEW_YEAR, ["n >= 20"]),
        ("long after", NEW_YEAR + timedelta(days=900), ["n >= 20"]),
    ],
)
def test_the_version_in_force_answers(_case: str, as_of: datetime, expected: list[str]) -> None:
    book, problems = read_rules({"a.yaml": f"{OLD}---\n{NEW}"}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    assert [item.levels[0].when for item in book.in_force(as_of).rulesets] == expected
    assert [item.levels[0].when for item in book.latest().rulesets] == ["n >= 20"]


@pytest.mark.parametrize(
    ("_case", "text", "start"),
    [
        ("a day is its beginning in UTC", "2027-01-01", NEW_YEAR),
        ("an instant has its offset", "2027-01-01T08:00:00+08:00", NEW_YEAR),
    ],
)
def test_a_day_or_an_instant_begins_it(_case: str, text: str, start: datetime) -> None:
    book, problems = read_rules({"a.yaml": version(1, f'{{from: "{text}"}}')}, SCHEMA)
    assert problems == []
    assert book.rulesets[0].effective == Effective(start, None)


def test_each_document_is_a_rule_set_with_its_own_text() -> None:
    second = "# The next one.\n" + OLD.replace("ruleset: size", "ruleset: extent")
    book, problems = read_rules({"a.yaml": f"# First.\n{OLD}---\n{second}"}, SCHEMA)
    assert problems == []
    assert [(item.code, item.source) for item in book.rulesets] == [("size", f"# First.\n{OLD}"), ("extent", second)]
    assert [item.digest for item in book.rulesets] == [
        sha256(item.source.encode()).hexdigest() for item in book.rulesets
    ]


@pytest.mark.parametrize(
    ("_case", "mark", "first_ends", "second"),
    [
        ("a mark alone", "---\n", "", SECOND),
        ("a mark with a comment that has one", "--- # one --- two\n", "", SECOND),
        ("a tab behind it", "---\t\n", "", SECOND),
        ("the document on the mark's line", "--- ", "", FLOW),
        ("a comment that is a document", "---\n# Nothing.\n---\n", "---\n# Nothing.\n", SECOND),
        ("an empty document", "---\n---\n", "---\n", SECOND),
        ("the end of the first", "...\n# --- between\n---\n", "...\n# --- between\n", SECOND),
        ("lines of another system", "---\r\n", "", SECOND.replace("\n", "\r\n")),
    ],
)
def test_a_document_ends_at_the_mark_before_the_next(_case: str, mark: str, first_ends: str, second: str) -> None:
    book, problems = read_rules({"a.yaml": f"{OLD}{mark}{second}"}, SCHEMA)
    assert [str(problem) for problem in problems] == []
    assert [item.source for item in book.rulesets] == [f"{OLD}{first_ends}", second]


def test_rule_sets_without_a_code_are_not_called_doubles() -> None:
    nameless = OLD.replace("ruleset: size\n", "")
    _, problems = read_rules({"a.yaml": f"{nameless}---\n{nameless}"}, SCHEMA)
    assert [(problem.check, problem.place.line) for problem in problems] == [("missing-key", 1), ("missing-key", 12)]


def test_problems_of_a_later_document_stand_on_their_own_lines() -> None:
    text = f"{OLD}---\n{NEW.replace('n >= 20', 'm >= 20')}"
    book, problems = read_rules({"a.yaml": text}, SCHEMA)
    assert [(found.check, found.place.line) for found in problems] == [("unknown-feature", 20)]
    assert text.splitlines()[19].strip() == "when: m >= 20"
    assert [item.levels[0].when for item in book.rulesets] == ["n >= 10"]


@pytest.mark.parametrize(
    ("_case", "periods", "expected"),
    [
        ("always", [ALWAYS], True),
        ("one after the other", [Effective(NEW_YEAR, None), Effective(None, NEW_YEAR)], True),
        ("a gap between", [Effective(None, NEW_YEAR), Effective(NEW_YEAR + TICK, None)], False),
        ("none before", [Effective(NEW_YEAR, None)], False),
        ("none after", [Effective(None, NEW_YEAR)], False),
        ("none at all", [], False),
    ],
)
def test_whether_no_instant_is_left_out(_case: str, periods: list[Effective], expected: bool) -> None:  # noqa: FBT001
    assert always(periods) is expected
