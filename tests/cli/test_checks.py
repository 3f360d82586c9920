"""Every check has its page, the index names them all, and the pages of files and cases are true."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.cli.checks import GROUPS, MEANINGS, index_page, page_of
from kehu.pipeline.checks import CASE_CHECKS, RUN_CHECKS
from kehu.workspace.checks import WORKSPACE_CHECKS

FOLDER = Path(__file__).parents[2] / "docs" / "checks"
PLATFORM = Path(__file__).parents[2] / "platform" / "kehu"
Kehu = Callable[..., tuple[int, str, str]]
FEATURES = """
shipments_90d: {count: shipments, over: 90 days, unit: shipments, label: {en: S, zh: 票}, meaning: shipments paid for}
"""
VIP = """ruleset: vip
kind: flag
label: {en: VIP, zh: 贵宾}
levels:
  - {level: vip, label: {en: VIP, zh: 贵宾}, when: shipments_90d >= 30}
examples:
  - {given: {shipments_90d: 30}, expect: vip}
  - {given: {shipments_90d: 29}, expect: []}
"""


def fences(page: str, language: str) -> list[str]:
    """The contents of the page's fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a feature and a rule set of its own, and the place where the command is run."""
    write(tmp_path, "kehu.toml", 'rules = "own"\n')
    write(tmp_path, "rules/features/f.yaml", FEATURES)
    write(tmp_path, "rules/vip.yaml", VIP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    """Put the text in a file of the workspace."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding)


def test_every_check_has_its_page_and_every_page_its_check() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {*MEANINGS, "README"}


def test_no_check_is_listed_twice() -> None:
    assert sum(len(group.meanings) for group in GROUPS) == len(MEANINGS)


def test_the_index_is_as_the_checks_are() -> None:
    said = "run: python -m kehu.cli.checks"
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index_page(), said


@pytest.mark.parametrize("check", sorted({*WORKSPACE_CHECKS, *CASE_CHECKS}))
def test_a_page_is_named_for_its_check_and_says_what_it_means(check: str) -> None:
    assert re.match(rf"# {check}\n\n[A-Z`].+[.]\n", page_of(check))
    assert page_of(check).index("## Refused") < page_of(check).index("## Mended")


@pytest.mark.parametrize("check", sorted(RUN_CHECKS))
def test_a_page_of_a_run_shows_what_is_printed(check: str) -> None:
    assert re.match(rf"# {check}\n\n[A-Z].+[.]\n", page_of(check))
    assert f": warning[{check}]: " in fences(page_of(check), "text")[0]


def test_a_check_that_is_none_has_no_page() -> None:
    assert page_of("../settings") == ""


@pytest.mark.parametrize("check", ["setting-value", "settings-syntax", "unknown-setting"])
def test_the_page_of_a_setting_is_true(check: str, folder: Path, kehu: Kehu) -> None:
    failing, mended = fences(page_of(check), "toml")
    (folder / "rules").rename(folder / "elsewhere")
    write(folder, "kehu.toml", failing)
    assert kehu("rules", "check") == (1, "", fences(page_of(check), "text")[0])
    write(folder, "kehu.toml", mended)
    assert kehu("rules", "check")[0] == 0


@pytest.mark.parametrize("check", sorted(CASE_CHECKS))
def test_the_page_of_a_case_is_true(check: str, folder: Path, kehu: Kehu) -> None:
    failing, mended = fences(page_of(check), "yaml")
    write(folder, "rules/tests/vip_test.yaml", failing)
    assert kehu("rules", "test") == (1, "", fences(page_of(check), "text")[0])
    write(folder, "rules/tests/vip_test.yaml", mended)
    assert kehu("rules", "test")[0] == 0


def test_the_page_of_another_encoding_is_true(folder: Path, kehu: Kehu) -> None:
    page = page_of("not-utf-8")
    write(folder, "rules/vip.yaml", fences(page, "yaml")[0], "gb18030")
    assert kehu("rules", "check") == (1, fences(page, "text")[0], "")
    write(folder, "rules/vip.yaml", fences(page, "yaml")[0])
    assert kehu("rules", "check")[0] == 0


def test_the_page_of_a_file_that_cannot_be_opened_is_true(folder: Path, kehu: Kehu) -> None:
    file = folder / "rules" / "vip.yaml"
    file.unlink()
    file.symlink_to("gone")
    assert kehu("rules", "check") == (1, fences(page_of("unreadable-file"), "text")[0], "")
    file.unlink()
    write(folder, "rules/vip.yaml", VIP)
    assert kehu("rules", "check")[0] == 0


def test_the_page_of_a_missing_rule_folder_is_true(folder: Path, kehu: Kehu) -> None:
    page = page_of("no-rules")
    failing, mended = fences(page, "toml")
    (folder / "rules").rename(folder / "elsewhere")
    write(folder, "kehu.toml", failing)
    assert kehu("rules", "check") == (1, fences(page, "text")[0], "")
    write(folder, "kehu.toml", mended)
    assert kehu("rules", "check")[0] == 0


def test_the_page_of_a_folder_that_is_no_workspace_is_true(folder: Path, kehu: Kehu) -> None:
    page = page_of("no-workspace")
    (folder / "rules").rename(folder / "elsewhere")
    (folder / "kehu.toml").unlink()
    assert kehu("rules", "check") == (1, "", fences(page, "text")[0])
    write(folder, "kehu.toml", fences(page, "toml")[0])
    assert kehu("rules", "check")[0] == 0


ROOMS = ("model", "features", "rules")
FILES = (
    "pipeline/empty_levels.py",
    "workspace/settings.py",
    "workspace/texts.py",
    "workspace/workspace.py",
    "pipeline/case_files.py",
)


def test_every_check_that_is_given_anywhere_is_listed() -> None:
    sources = [file for room in ROOMS for file in (PLATFORM / room).glob("*.py")] + [PLATFORM / name for name in FILES]
    given: set[str] = set()
    for file in sources:
        text = file.read_text(encoding="utf-8")
        # A check stands behind the place, or first in a refusal.
        given |= set(re.findall(r"(?:note|Problem)\([^\"]*?, \"([a-z]+(?:-[a-z0-9]+)*)\",", text))
        given |= set(re.findall(r"Refused\(\s*\"([a-z-]+)\"", text))
    assert given - set(MEANINGS) == set()
    assert len(given) > 60
