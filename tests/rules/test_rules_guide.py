"""The analysts' guide says what the code does."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place
from kehu.rules.checks import CHECKS
from kehu.rules.compiler import compile_condition
from kehu.rules.entries import SEVERITIES
from kehu.rules.kinds import kinds
from kehu.rules.reading import read_rules
from kehu.rules.treatments import TREATMENTS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "platform" / "kehu" / "rules").glob("*.py"))
ROWS = [
    (row[1], row[2], row[3])
    for row in re.finditer(r"^\| (.+) \| `(.+)` \| (exact|with care|refused) \|$", GUIDE, re.MULTILINE)
]
SCHEMA: Schema = {
    "count": FeatureType("integer"),
    "small": FeatureType("integer", digits=6),
    "days": FeatureType("integer", nullable=True),
    "amount": FeatureType("decimal", scale=2),
    "rate": FeatureType("float"),
    "name": FeatureType("string"),
    "kind": FeatureType("string", words=("company", "person")),
    "seen_at": FeatureType("instant"),
    "left_at": FeatureType("instant", nullable=True),
    "agreed": FeatureType("boolean"),
    "asked": FeatureType("boolean", nullable=True),
}


def test_the_table_has_a_row_per_construct() -> None:
    table = GUIDE.split("<!-- constructs -->")[1].split("<!-- end -->")[0]
    assert len(ROWS) == len(table.strip().splitlines()) - 2


@pytest.mark.parametrize(("construct", "example", "status"), ROWS)
def test_a_construct_is_as_exact_as_the_guide_says(construct: str, example: str, status: str) -> None:
    result = compile_condition(example, SCHEMA, datetime(2024, 1, 1, tzinfo=UTC), lambda at: Place("guide", 1, at + 1))
    if isinstance(result, list):
        assert status == "refused", result
    else:
        assert status == ("with care" if result.warnings else "exact"), result.warnings


def test_every_check_is_in_the_guide() -> None:
    table = GUIDE.split("<!-- checks -->")[1].split("<!-- end -->")[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table, re.MULTILINE)) == CHECKS


def test_every_check_the_code_gives_is_listed() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "checks.py")
    code += (ROOT / "platform" / "kehu" / "model" / "yaml_nodes.py").read_text(encoding="utf-8")
    unused = [check for check in CHECKS if f'"{check}"' not in code]
    pattern = r"(?:Refused\(|\.note\(\s*[\w.\[\]]+,|_caution\(|Problem\([^\"]*?,)\s*\"([a-z]+(?:-[a-z]+)*)\""
    assert unused == []
    assert {found for found in re.findall(pattern, code) if found not in CHECKS} <= {"error"}


def test_the_guide_names_every_treatment_kind_and_severity() -> None:
    for name in (*TREATMENTS, *kinds(), *SEVERITIES):
        assert re.search(rf"\b{name}\b", GUIDE), name


def test_the_guide_s_own_file_is_right(schema: Schema) -> None:
    source = GUIDE.split("```yaml\n")[1].split("```")[0]
    _, problems = read_rules({"service_tier.yaml": source}, schema)
    assert [str(problem) for problem in problems] == []
