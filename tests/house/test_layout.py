"""The trap: `platform` and `graphql` are other packages' import names, so ours are source roots only."""

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = {"platform": "kehu", "graphql": "kehu_graphql", "loaders": "kehu_loaders"}


@pytest.mark.parametrize("folder", [*SOURCE_ROOTS, "rules", "tests"])
def test_a_top_level_folder_is_never_a_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


@pytest.mark.parametrize(("folder", "package"), SOURCE_ROOTS.items())
def test_a_source_root_holds_one_package_and_no_module(folder: str, package: str) -> None:
    assert [path.name for path in (ROOT / folder).glob("*.py")] == []
    packages = [path.parent.name for path in (ROOT / folder).glob("*/__init__.py")]
    assert packages == [package]


def test_no_folder_of_tests_is_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_standard_library_and_graphql_core_import_from_the_root() -> None:
    code = "import platform, graphql, sqlalchemy, strawberry; print(platform.__file__); print(graphql.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(not line.startswith(str(ROOT / "platform")) for line in done.stdout.splitlines())
    assert str(ROOT / "graphql" / "kehu") not in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "platform").rglob("__init__.py")), ids=str)
def test_an_init_file_holds_a_docstring_only(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith('"""')


def test_every_command_module_is_imported_by_its_own_name() -> None:
    assert importlib.util.find_spec("kehu.cli.main") is not None


def test_every_migration_has_a_number_of_its_own() -> None:
    versions = ROOT / "platform" / "kehu" / "tables" / "migrations" / "versions"
    numbers = [path.name[:4] for path in versions.glob("[0-9]*.py")]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
