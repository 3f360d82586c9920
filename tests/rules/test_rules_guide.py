"""The analysts' guide says what the code does."""

import re
from pathlib import Path

from kehu.model.feature_types import Schema
from kehu.rules.checks import CHECKS
from kehu.rules.entries import SEVERITIES
from kehu.rules.kinds import kinds
from kehu.rules.reading import read_rules
from kehu.rules.treatments import TREATMENTS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "platform" / "kehu" / "rules").glob("*.py"))


def test_every_check_is_in_the_guide() -> None:
    table = GUIDE.split("<!-- checks -->")[1].split("<!-- end -->")[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table, re.MULTILINE)) == CHECKS


def test_every_check_the_code_gives_is_listed() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "checks.py")
    code += (ROOT / "platform" / "kehu" / "model" / "yaml_nodes.py").read_text(encoding="utf-8")
    unused = [check for check in CHECKS if f'"{check}"' not in code]
    pattern = r"(?:Refused\(|\.note\(\s*[\w.\[\]]+,|_caution\(|Problem\([^\"]*?,)\s*\"([a-z]+(?:-[a-z]+)*)\""
    assert unused == []
    assert {found for found in re.findall(pattern, code) if found not in CHECKS} <= {"error", "warning"}


def test_the_guide_names_every_treatment_kind_and_severity() -> None:
    for name in (*TREATMENTS, *kinds(), *SEVERITIES):
        assert re.search(rf"\b{name}\b", GUIDE), name


def test_the_guide_s_own_files_are_right(shipped_schema: Schema) -> None:
    sources = re.findall(r"^```yaml\n(ruleset:.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    shipped = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "rules").glob("project_customer.yaml")}
    texts = {f"{number}.yaml": text for number, text in enumerate(sources)} | shipped
    book, problems = read_rules(texts, shipped_schema)
    assert [str(problem) for problem in problems] == []
    codes = ["service_tier", "contract_tier", "regional_size", "careful_handling", "loyalty", "loyalty"]
    assert [item.code for item in book.rulesets] == [*codes, "project_customer"]
