"""Cases for identity.yaml: read with all that is wrong, run with what is otherwise and why."""

import re
from pathlib import Path

import pytest

from kehu.identity.rule_file import read_identity_rules
from kehu.identity.rules import IdentityRules, KeyRule, Survivorship
from kehu.pipeline.identity_cases import read_identity_cases, run_identity_cases

RULES = IdentityRules(
    (KeyRule("tax_code", "tax_code", "any"),), golden={"city": Survivorship(("priority",), ("finance", "crm"))}
)
RECORDS = """cases:
  - name: firm
    records:
      a: {system: crm, name: 顺达, city: 上海, tax_code: 91350100M000100Y43}
      b: {system: finance, name: 顺达, city: 昆明, tax_code: 91350100M000100Y43}
      c: {name: 顺达, consent: true}
"""


def failures(expect: str) -> list[str]:
    """What is otherwise than expected."""
    cases, problems = read_identity_cases(f"{RECORDS}    expect: {expect}\n", "t.yaml")
    assert problems == []
    return [str(failure) for result in run_identity_cases(cases, RULES, "CN") for failure in result.failures]


@pytest.mark.parametrize(
    ("_case", "expect", "expected"),
    [
        ("as it is", "{customers: [[a, b], [c]], values: {a: {city: 昆明, email: null}, c: {consent: true}}}", []),
        ("of some records alone", "{customers: [[a], [c]]}", []),
        ("parted", "{customers: [[a], [b]]}", [
            "t.yaml:7:25: customers: expected [a], got [a, b] [c]",
            "t.yaml:7:25: customers: expected [b], got [a, b] [c]"]),
        ("joined", "{customers: [[a, c]]}", ["t.yaml:7:25: customers: expected [a, c], got [a, b] [c]"]),
        ("another value", "{values: {a: {city: 上海}}}",
         ["t.yaml:7:33: city of a: expected '上海', got '昆明' (priority, of 'b')"]),
        ("a value for none", "{values: {a: {email: a@b.cn}}}",
         ["t.yaml:7:34: email of a: expected 'a@b.cn', got nothing"]),
        ("a guess", "{values: {c: {kind: company}}}",
         ["t.yaml:7:33: kind of c: expected 'company', got 'person' (guessed)"]),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_told_with_the_rule(_case: str, expect: str, expected: list[str]) -> None:
    assert failures(expect) == expected


def test_everything_wrong_with_a_file_is_told_at_once() -> None:
    text = """cases:
  - name: firm
    records:
      a: {system: crm, nam: 顺达, exported: yesterday, consent: maybe}
      b: {same_as: x}
    expect: {customers: [[a, d]], values: {e: {city: 上海}, a: {town: x}}}
  - {name: empty, records: {}, expect: {customers: []}}
  - {name: nothing, records: {a: {}}, expect: {}}
"""
    _, problems = read_identity_cases(text, "t.yaml")
    assert sorted((each.place.line, each.place.column, each.check) for each in problems) == [
        (4, 24, "unknown-key"),
        (4, 43, "wrong-shape"),
        (4, 63, "unknown-word"),
        (5, 20, "unknown-word"),
        (6, 30, "unknown-word"),
        (6, 44, "unknown-key"),
        (6, 63, "unknown-key"),
        (7, 28, "wrong-shape"),
        (8, 47, "wrong-shape"),
    ]


def test_the_case_in_the_guide_holds_by_the_rules_there() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")
    rules_text, case_text = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    rules, wrong = read_identity_rules(rules_text, "identity.yaml", "CN")
    cases, problems = read_identity_cases(case_text, "t.yaml")
    assert (wrong, problems, len(cases)) == ([], [], 1)
    assert [str(failure) for result in run_identity_cases(cases, rules, "CN") for failure in result.failures] == []
