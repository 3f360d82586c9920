"""A workspace folder: its settings, the texts of its rule directory, its sources and their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kehu.model.problems import Place, Problem, RefusedError
from kehu.workspace.settings import Settings, read_settings
from kehu.workspace.texts import read_texts

RULES, SOURCES = "rules", "sources"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where everything of one workspace is found."""

    root: Path
    settings: Settings

    @property
    def rules_folder(self) -> Path:
        """The analyst's rule directory."""
        return self.root / RULES

    @property
    def sources_folder(self) -> Path:
        """The data engineer's source files."""
        return self.root / SOURCES


def open_workspace(root: Path, environ: Mapping[str, str]) -> Workspace:
    """The workspace in `root`; raises RefusedError when it is none or its settings are wrong."""
    return Workspace(root, read_settings(root, environ))


def rule_texts(workspace: Workspace) -> dict[str, str]:
    """Every YAML file of the rule directory: relative path to text, sorted by path.

    With `rules = "default"` the shipped files lie underneath: a workspace file replaces the shipped one of its name.
    Raises RefusedError naming every file that cannot be read, and when there is none at all.
    """
    shipped = _files_under(default_rules()) if workspace.settings.rules == "default" else {}
    own = _files_under(workspace.rules_folder) if workspace.rules_folder.is_dir() else {}
    if not shipped and not own:
        # A run with no rule at all would take every customer out of every level.
        message, remedy = "there is no rule file here", 'add one, or set rules = "default" in kehu.toml'
        raise RefusedError([Problem(Place(str(workspace.rules_folder)), "no-rules", message, remedy)])
    return read_texts(dict(sorted((shipped | own).items())))


def shown_path(workspace: Workspace, relative: str) -> str:
    """How a rule file is named in messages: the workspace's own path, or the shipped file's."""
    own = workspace.rules_folder / relative
    return str(own) if own.is_file() else f"kehu/default_rules/{relative}"


def source_texts(workspace: Workspace) -> dict[str, str]:
    """Every source file of the workspace: path to text, sorted by path.

    Raises RefusedError naming every file that cannot be read.
    """
    folder = workspace.sources_folder
    files = sorted(folder.glob("*.y*ml")) if folder.is_dir() else []
    return read_texts({str(path): path for path in files})


def shipped_texts() -> dict[str, str]:
    """Every YAML file of the shipped rule directory: relative path to text, sorted by path."""
    return read_texts(_files_under(default_rules()))


def default_rules() -> Traversable:
    """The shipped rule directory: inside the wheel, or the checkout's own `rules/` when run from one."""
    inside = resources.files("kehu") / "default_rules"
    if inside.is_dir():
        return inside
    return Path(str(resources.files("kehu"))).parent.parent / RULES


def _files_under(folder: Traversable, prefix: str = "", above: tuple[Path, ...] = ()) -> dict[str, Traversable]:
    files: dict[str, Traversable] = {}
    here = (*above, Path(str(folder)).resolve())
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            # A link to a folder above it would go round for ever.
            if Path(str(entry)).resolve() not in here:
                files |= _files_under(entry, f"{prefix}{entry.name}/", here)
        elif entry.name.endswith((".yaml", ".yml")):
            files[prefix + entry.name] = entry
    return files
