"""The samples' rules are right, and cases prove every level and warning of them."""

from pathlib import Path

import pytest

from kehu.pipeline.proving import prove
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import open_workspace

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLES = ("carrier", "northwind", "online_retail", "scms")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_samples_rules_have_no_problem(name: str) -> None:
    _, _, problems = read_rule_directory(open_workspace(EXAMPLES / name, {}))
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_cases_expect_every_level_and_warning_of_a_sample_and_hold(name: str) -> None:
    proof = prove(open_workspace(EXAMPLES / name, {}), (), "")
    failures = [str(failure) for found in proof.results.values() for each in found for failure in each.failures]
    assert failures == []
    assert proof.uncovered == ()
