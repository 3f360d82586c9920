"""An analyst can go docs/first-rule.md from a blank file to a shipped rule: everything in it happens as it says."""

import os
import re
import sys
from pathlib import Path

import pytest
import yaml
from tests.samples.walk import Walker, blocks_of, commands_of, is_as_told

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "first-rule.md").read_text(encoding="utf-8")
BLOCKS = blocks_of(GUIDE)
STEPS = [step for block in BLOCKS if block.language == "console" for step in commands_of(block.text)]
AUTHOR = {f"GIT_{role}_{part}": "analyst@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Walker:
    """One who sets out in an empty folder, with the command at hand."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Walker(tmp_path_factory.mktemp("walk"), {**os.environ, "PATH": path, **AUTHOR})


@pytest.fixture(scope="module")
def printed(walker: Walker) -> list[str]:
    """What each command of the walk printed."""
    return [found for block in BLOCKS for _, _, found in walker.walk(block)]


@pytest.mark.parametrize(("number", "command"), [(number, step[0]) for number, step in enumerate(STEPS)])
def test_a_command_prints_what_the_walk_shows(printed: list[str], number: int, command: str) -> None:
    expected = STEPS[number][1]
    if not is_as_told(expected, printed[number]):
        assert printed[number] == expected, command


def test_the_walk_s_gates_hold_at_its_end(printed: list[str], walker: Walker) -> None:
    """The change ends with 1, and so do the commands for CI until the cases follow it."""
    assert len(printed) == len(STEPS)
    assert [walker.done(command).code for command, _ in STEPS[-2:]] == [1, 1]
    walker.run("git update-ref refs/remotes/origin/main HEAD")
    (block,) = (block for block in BLOCKS if block.language == "sh")
    gates = block.text.splitlines()
    assert [walker.done(gate).code for gate in gates] == [0, 1, 0]
    walker.run("sed -i 's/46/61/; s/45/60/' rules/tests/call_list_test.yaml")
    assert [walker.done(gate).code for gate in gates] == [0, 0, 0]


def test_the_walk_s_hook_is_the_one_that_ships() -> None:
    (block,) = (block for block in BLOCKS if block.file == ".pre-commit-config.yaml")
    (repository,) = yaml.safe_load(block.text)["repos"]
    (hook,) = repository["hooks"]
    (shipped,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    same = {key: shipped[key] for key in ("id", "name", "entry", "files", "pass_filenames")}
    assert hook == {**same, "language": "system"}


def test_every_block_of_the_walk_is_walked() -> None:
    fences = re.findall(r"^```\w", GUIDE, re.MULTILINE)
    assert len(fences) == len(BLOCKS)
    assert {block.language for block in BLOCKS} == {"console", "yaml", "diff", "sh"}
    assert all(block.file for block in BLOCKS if block.language in {"yaml", "diff"})


@pytest.mark.parametrize(
    ("_case", "expected", "printed", "told"),
    [
        ("equal", "a\nb\n", "a\nb\n", True),
        ("a line differs", "a\nb\n", "a\nc\n", False),
        ("a line too many", "a\n", "a\nb\n", False),
        ("nothing was said to be printed", "", "a\n", False),
        ("lines left out", "a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("none left out", "a\n…\nd\n", "a\nd\n", True),
        ("left out, and another end", "a\n…\nd\n", "a\nb\nc\n", False),
        ("a mark within a line is itself", "a … b\n", "a x b\n", False),
    ],
)
def test_what_is_printed_is_compared_line_by_line(
    _case: str,
    expected: str,
    printed: str,
    told: bool,  # noqa: FBT001
) -> None:
    assert is_as_told(expected, printed) is told
