"""What a command need not import before it begins."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from kehu.cli.main import COMMANDS, app_of


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that is about to segment."""
    asked = [sys.executable, "-c", "import sys, kehu.cli.resegment; print(*sys.modules)"]
    return set(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("_case", "names"),
    [
        ("what reads very many rows", {"pandas", "adbc_driver_manager"}),
        ("what migrates", {"alembic"}),
        ("what tells customers apart", {"phonenumbers", "pypinyin"}),
        ("what other commands need", {"xlsxwriter", "uvicorn"}),
    ],
)
def test_a_run_does_not_wait_for(_case: str, names: set[str], loaded: set[str]) -> None:
    assert "kehu.cli.resegment" in loaded
    assert names & loaded == set()


def test_the_command_has_those_asked_for_and_no_others() -> None:
    assert [command.name for command in app_of(["init"]).registered_commands] == ["init"]
    every = app_of()
    commands = [each.name for each in every.registered_commands]
    assert {*commands, *(each.name for each in every.registered_groups)} == set(COMMANDS)


def test_the_version_is_that_of_the_package() -> None:
    asked = [sys.executable, "-m", "kehu.cli", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout == f"kehu {version('kehu')}\n"
