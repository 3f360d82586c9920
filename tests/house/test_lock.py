"""The lock file names the public registry and no other."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_names_no_other_registry(run: ModuleType) -> None:
    assert run.lock_problems((ROOT / "uv.lock").read_text(encoding="utf-8")) == []


def test_another_registry_is_noticed(run: ModuleType) -> None:
    text = 'source = { registry = "https://pypi.org/simple" }\nsource = { registry = "https://mirror.example/simple" }'
    assert run.lock_problems(text) == ["https://mirror.example/simple"]


def test_every_locked_file_has_its_hash() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    files = [line for line in text.splitlines() if "url = " in line]
    assert [line for line in files if "hash = " not in line] == []
    assert len(files) > 500
