"""Kinds of rule sets: those that are evaluated, the one that ships by entry point, one of somebody's own."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from kehu.model.feature_types import FeatureType
from kehu.model.problems import RefusedError
from kehu.rules import kinds as module
from kehu.rules.kinds import GROUP, kinds
from kehu.rules.reading import read_rules
from kehu.rules.scores import SCORE

STEPS = """
from dataclasses import replace

from kehu.rules.kinds import OWN_KINDS, Body, RuleKind


def read(top, shapes):
    body = OWN_KINDS["tier"].read(top, shapes)
    return Body(tuple(replace(entry, label=entry.label) for entry in body.entries))


STEPS = RuleKind("tier", ("levels",), read, "steps", OWN_KINDS["tier"].schema)
"""
FILE = """
ruleset: ladder
kind: steps
label: {en: Ladder, zh: 阶梯}
levels:
  - level: high
    label: {en: High, zh: 高}
    when: n >= 10
examples:
  - {given: {n: 10}, expect: high}
  - {given: {n: 9}, expect: null}
"""


REMEDY = "mend or uninstall ladders"
ENTRY_POINTS = "ladders-1.0.dist-info/entry_points.txt"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a kind of its own, as pip leaves it behind."""
    (tmp_path / "ladders.py").write_text(STEPS)
    told = tmp_path / "ladders-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: ladders\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[{GROUP}]\nsteps = ladders:STEPS\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module._installed.cache_clear()
    yield
    module._installed.cache_clear()


def test_the_score_comes_by_entry_point() -> None:
    assert {point.name: point.load() for point in entry_points(group=GROUP)} == {"score": SCORE}
    assert list(kinds()) == ["tier", "flag", "warning", "score"]


def test_a_kind_of_another_package_is_read(installed: None) -> None:
    book, problems = read_rules({"ladder.yaml": FILE}, {"n": FeatureType("integer")})
    assert [str(problem) for problem in problems] == []
    assert [(item.kind, item.written, item.levels[0].when) for item in book.rulesets] == [("tier", "steps", "n >= 10")]


def test_a_kind_that_is_not_installed_is_refused_with_those_that_are() -> None:
    _, problems = read_rules({"ladder.yaml": FILE}, {"n": FeatureType("integer")})
    (problem,) = problems
    assert (str(problem.place), problem.check) == ("ladder.yaml:3:7", "unknown-word")
    assert problem.message == "'steps' is not a kind of rule set"
    assert problem.remedy == "choose one of flag, score, tier, warning"


def test_every_kind_that_cannot_be_loaded_is_refused_with_its_package(installed: None, tmp_path: Path) -> None:
    (tmp_path / ENTRY_POINTS).write_text(f"[{GROUP}]\nsteps = ladders:STAIRS\nslope = slopes:SLOPE\n")
    with pytest.raises(RefusedError) as refused:
        kinds()
    told = [(each.message, each.remedy) for each in refused.value.problems]
    said = "the kind '{}' cannot be loaded from '{}': {}"
    assert told == [
        (said.format("steps", "ladders:STAIRS", "module 'ladders' has no attribute 'STAIRS'"), REMEDY),
        (said.format("slope", "slopes:SLOPE", "No module named 'slopes'"), REMEDY),
    ]
