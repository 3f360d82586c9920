"""The cooldown of a warning: a length of time, or refused."""

from datetime import timedelta

import pytest

from kehu.model.feature_types import FeatureType
from kehu.rules.reading import read_rules

RULE = """ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: n < 2
    severity: high
    route: [sales]
    reason: only {n}
    cooldown: COOLDOWN
examples:
  - {given: {n: 1}, expect: quiet}
  - {given: {n: 2}, expect: []}
"""


def read(cooldown: str) -> tuple[list[timedelta], list[str]]:
    book, problems = read_rules({"signs.yaml": RULE.replace("COOLDOWN", cooldown)}, {"n": FeatureType("integer")})
    return [rule.cooldown for item in book.rulesets for rule in item.warnings], [str(problem) for problem in problems]


@pytest.mark.parametrize(("written", "expected"), [("30 days", timedelta(days=30)), ("12 hours", timedelta(hours=12))])
def test_a_cooldown_is_a_length_of_time(written: str, expected: timedelta) -> None:
    assert read(written) == ([expected], [])


@pytest.mark.parametrize("written", ["30", "a month", "0 days", "[1]"])
def test_what_is_no_length_of_time_is_refused(written: str) -> None:
    cooldowns, (problem,) = read(written)
    assert cooldowns == []
    assert problem.startswith("signs.yaml:11:15: error[bad-cooldown]: ")
    assert problem.endswith(" is no length of time (write for example '30 days')")
