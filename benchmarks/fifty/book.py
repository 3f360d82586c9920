"""The fifty rules as rule files, read and checked like an analyst's."""

from pathlib import Path

from fifty.features import SCHEMA
from kehu.rules.book import RuleBook
from kehu.rules.reading import read_rules

_FOLDER = Path(__file__).parent / "rules"


def fifty_rules() -> RuleBook:
    """Every file of the folder; anything wrong in one ends the program."""
    texts = rule_texts()
    book, problems = read_rules(texts, SCHEMA)
    assert problems == [], "\n".join(map(str, problems))
    return book


def changed_rules(file: str, old: str, new: str) -> RuleBook:
    """The book with a text replaced in one file; examples that say otherwise are dropped with the file's proof."""
    texts = rule_texts()
    assert old in texts[file]
    book, problems = read_rules({**texts, file: texts[file].replace(old, new)}, SCHEMA)
    assert problems == [], "\n".join(map(str, problems))
    return book


def rule_texts() -> dict[str, str]:
    """Name to text of the rule files."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.yaml"))}
