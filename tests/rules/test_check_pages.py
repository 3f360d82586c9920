"""Each check of rule and feature files has a page whose examples give what it shows, and are mended."""

import re
from pathlib import Path

import pytest

from kehu.features.catalogue import read_catalogue
from kehu.features.checks import FEATURE_CHECKS
from kehu.model.feature_types import Schema
from kehu.model.problems import Problem
from kehu.rules.check import render
from kehu.rules.checks import CHECKS
from kehu.rules.gauges import Gauges
from kehu.rules.reading import read_rules

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "docs/checks").glob("*")}
# Found by no small file, see the pages.
WITHOUT_EXAMPLE = {"broken-kind", "engines-differ", "feature-contract", "file-too-large", "no-as-of"}
# What no customer or every customer meets has no example that falls into it, or stays out.
WITHOUT_PROOF = {"always-true", "never-true", "shadowed-level"}
IN_FEATURES = {*FEATURE_CHECKS, "formula-type"}
ALL = {**CHECKS, **FEATURE_CHECKS}


def fences(page: str, language: str) -> list[str]:
    """The contents of the page's fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def problems_of(check: str, text: str, schema: Schema, gauges: Gauges) -> list[Problem]:
    """What is found in an example, as a feature file where the check is one of those."""
    path = f"{check}.yaml"
    if check in IN_FEATURES:
        return read_catalogue({path: text}, money_digits=2)[1]
    return read_rules({path: text}, schema, gauges)[1]


@pytest.mark.parametrize("check", sorted(ALL))
def test_a_page_is_named_for_its_check_and_says_what_it_means(check: str) -> None:
    assert re.match(rf"# {check}\n\n[A-Z`].+[.]\n", PAGES[check])
    parts = [len(fences(PAGES[check], language)) for language in ("yaml", "text")]
    assert parts == [2, 1] or (check in WITHOUT_EXAMPLE and parts[0] == 0)


@pytest.mark.parametrize("check", sorted(set(ALL) - WITHOUT_EXAMPLE))
def test_the_failing_example_gives_what_is_shown(check: str, shipped_schema: Schema, shipped_gauges: Gauges) -> None:
    failing = fences(PAGES[check], "yaml")[0]
    problems = problems_of(check, failing, shipped_schema, shipped_gauges)
    companions = {"missing-example"} if check in WITHOUT_PROOF else set()
    assert {found.check for found in problems} == {check, *companions}
    assert "\n\n".join(render(found, failing) for found in problems) + "\n" == fences(PAGES[check], "text")[0]


@pytest.mark.parametrize("check", sorted(set(ALL) - WITHOUT_EXAMPLE))
def test_the_mended_example_is_right(check: str, shipped_schema: Schema, shipped_gauges: Gauges) -> None:
    mended = fences(PAGES[check], "yaml")[1]
    assert [str(found) for found in problems_of(check, mended, shipped_schema, shipped_gauges)] == []
