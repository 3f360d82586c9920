"""Every wrong file of the corpus is refused or warned of with exactly the problems that expected.txt lists."""

import re
from pathlib import Path

import pytest

from kehu.features.catalogue import read_catalogue
from kehu.features.checks import FEATURE_CHECKS
from kehu.model.feature_types import Schema
from kehu.rules.checks import CHECKS
from kehu.rules.gauges import Gauges
from kehu.rules.reading import read_rules

CORPUS = Path(__file__).parents[1] / "bad_rules"
RULES = {path.name: path.read_bytes().decode() for path in sorted(CORPUS.glob("*.yaml"))}
FEATURES = {path.name: path.read_bytes().decode() for path in sorted((CORPUS / "features").glob("*.yaml"))}
RULES_EXPECTED = (CORPUS / "expected.txt").read_text(encoding="utf-8").splitlines()
FEATURES_EXPECTED = (CORPUS / "features" / "expected.txt").read_text(encoding="utf-8").splitlines()
# No file of the corpus brings these about: a mistake of ours, a run, another command, a file too large to keep here.
ELSEWHERE = {"broken-kind", "engines-differ", "feature-contract", "no-as-of", "file-too-large"}


@pytest.mark.parametrize("name", RULES)
def test_a_wrong_rule_file_gives_all_its_problems(name: str, shipped_schema: Schema, shipped_gauges: Gauges) -> None:
    book, problems = read_rules({name: RULES[name]}, shipped_schema, shipped_gauges)
    assert [str(found) for found in problems] == [line for line in RULES_EXPECTED if line.startswith(f"{name}:")]
    assert problems
    # Of a file with several rule sets those without error stay.
    if "\n---\n" not in RULES[name]:
        assert bool(book.rulesets) == all(found.severity == "warning" for found in problems)


@pytest.mark.parametrize("name", FEATURES)
def test_a_wrong_feature_file_gives_all_its_problems(name: str) -> None:
    _, problems = read_catalogue({name: FEATURES[name]}, money_digits=2)
    expected = [line for line in FEATURES_EXPECTED if line.startswith(f"{name}:")]
    assert sorted(map(str, problems)) == sorted(expected)
    assert problems


def test_the_problems_of_all_files_come_at_once(shipped_schema: Schema) -> None:
    names = ("alias.yaml", "bad_codes.yaml", "wrong_shapes.yaml")
    _, problems = read_rules({name: RULES[name] for name in names}, shipped_schema)
    assert [str(found) for found in problems] == [line for line in RULES_EXPECTED if line.startswith(names)]


def test_the_lists_name_no_file_that_is_not_there() -> None:
    assert {line.split(":")[0] for line in RULES_EXPECTED} == set(RULES)
    assert {line.split(":")[0] for line in FEATURES_EXPECTED} == set(FEATURES)


def test_every_check_finds_something_in_the_corpus() -> None:
    found = {check for line in RULES_EXPECTED + FEATURES_EXPECTED for check in re.findall(r"\[([a-z-]+)\]: ", line)}
    assert found | ELSEWHERE == set(CHECKS) | set(FEATURE_CHECKS)
    assert found & ELSEWHERE == set()
