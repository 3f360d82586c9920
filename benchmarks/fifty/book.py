"""The fifty rules as rule files, read and checked like an analyst's."""

from collections.abc import Mapping
from pathlib import Path

from fifty.features import SCHEMA
from kehu.rules.book import RuleBook
from kehu.rules.reading import read_rules

_FOLDER = Path(__file__).parent / "rules"


def fifty_rules() -> RuleBook:
    """Every file of the folder; anything wrong in one ends the program."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.yaml"))}
    return _read(texts)


def changed_rules(book: RuleBook, changes: Mapping[str, tuple[str, str]]) -> RuleBook:
    """The book with a text replaced by another in some rule sets; their examples must hold as before."""
    texts = {Path(item.path).name: item.source for item in book.rulesets}
    for code, (old, new) in changes.items():
        name = f"{code}.yaml"
        assert old in texts[name], f"'{old}' is not in {name}"
        texts[name] = texts[name].replace(old, new)
    return _read(texts)


def _read(texts: Mapping[str, str]) -> RuleBook:
    book, problems = read_rules(texts, SCHEMA)
    assert problems == [], "\n".join(map(str, problems))
    return book
