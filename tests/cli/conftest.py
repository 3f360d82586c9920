"""The kehu command in its own process's place."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from kehu.cli.main import main

Kehu = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kehu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kehu:
    """Run the command; its exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kehu", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def made_before() -> dict[str, Path]:
    """Workspaces by what was written and done in them."""
    return {}


@pytest.fixture
def workspace_after(
    made_before: dict[str, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, kehu: Kehu
) -> Callable[..., Path]:
    """A workspace of files by path in which commands were run, each ending with that code.

    Made once, and from then on copied.
    """

    def make(files: Mapping[str, str], *commands: Sequence[str], code: int = 0) -> Path:
        key = repr((sorted(files.items()), commands))
        if key not in made_before:
            root = tmp_path_factory.mktemp("made")
            for path, content in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content, encoding="utf-8")
            assert [kehu(*command, "-w", root)[0] for command in commands] == [code] * len(commands)
            made_before[key] = root
        return Path(shutil.copytree(made_before[key], tmp_path / "workspace"))

    return make
