"""No client is told to run a command: every remedy that it can be given names what it can ask for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kehu.pipeline
from kehu_graphql.remedies import for_clients

ROOT = Path(kehu.pipeline.__file__).parents[1]
ROOMS = ("pipeline", "store", "identity", "care", "publish", "reader")
# What the command line alone asks for, or a run's own process.
ELSEWHERE = {
    "backtesting.py", "cutoffs.py", "diffing.py", "erasing.py", "replays.py", "rule_bases.py",
    "schedule.py",
}  # fmt: skip
COMMAND = re.compile(r"\bkehu [a-z]|(?<![\w-])--[a-z]")
# Some of this is in every file with such a text; the others need no parsing, for which every start of the tests waits.
HINT = re.compile(r"kehu |--")


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text of a module but its docstrings; 7 stands for what is put into one."""
    nodes = list(ast.walk(tree))
    inside = {id(part) for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
    said = {id(each.value) for each in nodes if isinstance(each, ast.Expr)}
    for each in nodes:
        if isinstance(each, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in inside | said:
            yield each.value


def commands() -> list[str]:
    """Every text that names a command or an option, but for options alone, which are places."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).glob("*.py")) if file.name not in ELSEWHERE]
    sources = [source for file in files if HINT.search(source := file.read_text(encoding="utf-8"))]
    found = {text for source in sources for text in texts(ast.parse(source))}
    return sorted(text for text in found if COMMAND.search(text) and not re.fullmatch(r"--[a-z-]+", text))


@pytest.mark.parametrize("text", commands())
def test_a_remedy_names_no_command_to_clients(text: str) -> None:
    assert COMMAND.search(for_clients(text)) is None


def test_a_remedy_of_another_kind_stays() -> None:
    assert for_clients("did you mean 'kehu'?") == "did you mean 'kehu'?"


def test_numbers_and_names_are_kept() -> None:
    assert for_clients("take one back first: kehu identity undo 3 or kehu identity undo 4") == (
        "take one back first: 'identityUndo' of 3 or 'identityUndo' of 4"
    )
