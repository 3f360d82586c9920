"""Documents keep their promises: links lead somewhere, rooms and commands are described."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from kehu.cli.main import app_of

ROOT = Path(__file__).parents[2]
ROOMS = ("platform", "graphql", "loaders", "rules", "tests", "benchmarks", "examples")
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *(ROOT / room / "README.md" for room in ROOMS)})
# Where this checkout happens to lie, and whose machine it is on, are nobody else's business.
_HERE = (str(ROOT), str(Path.home()) + "/")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_its_four_headings(room: str) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / room / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["What this is", "May import", "Add one", "Check it"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [place for place in _HERE if place in text] == []


def commands() -> list[tuple[str, str]]:
    """Every command as typed, with its help."""
    found: list[tuple[str, str]] = []
    for name, command in _parts(typer.main.get_command(app_of())).items():
        parts = _parts(command) or {"": command}
        found += [(f"kehu {name} {part}".strip(), leaf.help or "") for part, leaf in parts.items()]
    return sorted(found)


def _parts(command: Any) -> dict[str, Any]:
    return dict(getattr(command, "commands", {}))


@pytest.mark.parametrize(("command", "help_text"), commands())
def test_a_command_is_described_and_shows_an_example(command: str, help_text: str) -> None:
    assert f"`{command}" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"Example: {command}" in help_text


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[3].startswith("python3 run.py demo")
    assert lines[4].startswith("python3 run.py test")
