"""kehu init: a new workspace."""

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.output import say
from kehu.model.problems import Place, Problem, RefusedError
from kehu.workspace.settings import FILE_NAME, SETTINGS
from kehu.workspace.workspace import RULES, SOURCES, default_rules


def init(folder: Annotated[Path, typer.Argument(help="The folder to make; it may exist when it is empty.")]) -> None:
    """Make a workspace: kehu.toml, rules/ (yours to edit), sources/, data/.

    Example: kehu init my-carrier
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        remedy = "give the name of a new or an empty folder"
        raise RefusedError([Problem(Place(str(folder)), "not-empty", "there is something here already", remedy)])
    for name in (SOURCES, "data"):
        (folder / name).mkdir(parents=True)
    copy_tree(default_rules(), folder / RULES)
    (folder / FILE_NAME).write_text(_settings_text(), encoding="utf-8")
    say(f"made {folder}: put exports into data/, describe them in sources/, then run 'kehu load' in it")


def copy_tree(source: Traversable, target: Path) -> None:
    """Copy a folder of files, shipped or not, into a new folder."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            copy_tree(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def _settings_text() -> str:
    lines = []
    for setting in SETTINGS:
        value = "own" if setting.name == "rules" else setting.default
        comment = "" if value else "# "
        lines += [f"# {setting.meaning}", f'{comment}{setting.name} = "{value}"', ""]
    return "\n".join(lines)
