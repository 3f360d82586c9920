"""The hook that a repository of rules calls: it runs what it says, on the files it says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook() -> dict[str, str]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(found)


@pytest.mark.parametrize(
    ("path", "concerned"),
    [
        ("rules/vip.yaml", True),
        ("rules/features/more.yml", True),
        ("kehu.toml", True),
        ("README.md", False),
        ("data/rules.yaml", False),
    ],
)
def test_the_hook_runs_for_rule_files(hook: dict[str, str], path: str, concerned: bool) -> None:  # noqa: FBT001
    assert (re.search(hook["files"], path) is not None) is concerned


def test_the_hook_refuses_a_wrong_rule(hook: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kehu.toml").write_text("", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    shutil.copy(ROOT / "rules" / "vip.yaml", tmp_path / "rules")
    program, *arguments = hook["entry"].split()
    assert program == "kehu"
    command = [sys.executable, "-m", "kehu.cli", *arguments]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    rule = tmp_path / "rules" / "vip.yaml"
    rule.write_text(
        rule.read_text(encoding="utf-8").replace("shipments_365d >= 52", "shipmints >= 52"), encoding="utf-8"
    )
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "unknown feature 'shipmints'" in refused.stdout
