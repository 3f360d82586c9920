"""Every check with its page, and the index of the pages: `python -m kehu.cli.checks` writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kehu.features.checks import FEATURE_CHECKS
from kehu.pipeline.checks import CASE_CHECKS, RUN_CHECKS
from kehu.rules.checks import CHECKS
from kehu.workspace.checks import WORKSPACE_CHECKS

INDEX = "README.md"
_HEAD = """# What check finds

A page for each finding of `kehu rules check`: what it means, a file that gives it, what is printed, and the file
mended. The name of a finding stands in brackets: `error[unknown-feature]`. An error keeps the file from being used; a
warning does not, but asks for a second look.

Every file on these pages is whole and was tried; those of rules with the features that come with Kehu.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Checks of one kind of file, with a sentence on them."""

    heading: str
    said: str
    meanings: Mapping[str, str]


GROUPS = (
    Group("Rule files", "", CHECKS),
    Group(
        "Feature files",
        "Conditions and formulas of features are checked as those of rules are; these come on top.",
        FEATURE_CHECKS,
    ),
    Group(
        "Files and settings", "What keeps a file from being read at all, and what kehu.toml may say.", WORKSPACE_CHECKS
    ),
    Group("Levels of the published run", "Looked at where the workspace's database has a run.", RUN_CHECKS),
    Group(
        "Cases",
        "`kehu rules test` finds these in the files beside the rules, on top of what rule files can have wrong.",
        CASE_CHECKS,
    ),
)
MEANINGS: Mapping[str, str] = {check: said for group in GROUPS for check, said in group.meanings.items()}


def page_of(check: str) -> str:
    """The check's page in Markdown; '' where it has none, or Kehu was installed without its pages."""
    return _page(check) if check in MEANINGS else ""


def index_page() -> str:
    """The index of all pages."""
    return "\n".join([_HEAD, *(_table(group) for group in GROUPS)])


def main() -> None:
    """Write the index as it is now."""
    (Path(str(_folder())) / INDEX).write_text(index_page(), encoding="utf-8")


def _table(group: Group) -> str:
    rows = [f"| [{check}]({check}.md) | {said} |" for check, said in sorted(group.meanings.items())]
    said = [group.said, ""] if group.said else []
    return "\n".join([f"## {group.heading}", "", *said, "| check | what it says |", "|---|---|", *rows, ""])


@cache
def _page(check: str) -> str:
    file = _folder() / f"{check}.md"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _folder() -> Traversable:
    """The pages: inside the wheel, or the checkout's own `docs/checks` when run from one."""
    inside = resources.files("kehu") / "check_pages"
    return inside if inside.is_dir() else Path(str(resources.files("kehu"))).parent.parent / "docs" / "checks"


if __name__ == "__main__":
    main()
