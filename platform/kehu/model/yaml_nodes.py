"""YAML read as nodes that know their place, with scalars exactly as written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kehu.model.problems import Place, Problem, did_you_mean

# A leading zero, as in 007, makes a code and not a number.
# Longer ones than any column holds stay texts.
_WHOLE = re.compile(r"[-+]?(0|[1-9]\d{0,37})")
_MOST_CHARACTERS = 250_000
_DEEPEST = 50
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)\.\d+([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value and where it stands; a subclass per kind.

    `start` and `end` are character offsets of the value in the file's text.
    """

    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """`text` is the value as written (`NO`, `007` and `on` stay words); `style` is YAML's: None | ' | " | | | >."""

    text: str
    style: str | None

    @property
    def is_null(self) -> bool:
        """True for a plain empty value, `~` or `null`."""
        return self.style is None and self.text in {"", "~", "null"}


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A YAML sequence."""

    nodes: tuple[Node, ...]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """A YAML mapping; `keys` holds the key nodes under the same names."""

    entries: dict[str, Node]
    keys: dict[str, Scalar] = field(default_factory=dict)

    def get(self, name: str) -> Node | None:
        """The value under `name`; None when absent."""
        return self.entries.get(name)


def read_yaml(text: str, path: str) -> tuple[Node | None, list[Problem]]:
    """The only document's root (None when empty or unreadable) and what is wrong with its YAML.

    Duplicate keys are problems; PyYAML alone would keep the last one silently.
    """
    roots, problems = read_documents(text, path)
    if len(roots) > 1:
        said = "a second document begins here, and this file has one"
        problems.append(Problem(roots[1].place, "yaml-syntax", said, "make two files of it"))
    return (roots[0] if roots else None), problems


def read_documents(text: str, path: str) -> tuple[list[Node], list[Problem]]:
    """The roots of the documents between `---` lines, empty ones left out, and what is wrong with the YAML.

    When one document cannot be read there are none.
    """
    try:
        unfit = _unfit(text, path)
        if unfit is not None:
            return [], [unfit]
        roots = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        return [], [_syntax_problem(error, path)]
    except yaml.reader.ReaderError as error:
        return [], [_character_problem(error, text, path)]
    problems: list[Problem] = []
    read = [_convert(root, path, problems) for root in roots]
    return [root for root in read if not (isinstance(root, Scalar) and root.is_null)], problems


def _unfit(text: str, path: str) -> Problem | None:
    """What keeps the text from being read in bounded time: its size, an alias, too much nesting."""
    if len(text) > _MOST_CHARACTERS:
        said = f"the file has {len(text):,} characters, more than {_MOST_CHARACTERS:,}"
        return Problem(Place(path), "file-too-large", said, "split it into several files")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return _alias_problem(event, path)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            said = f"lists and mappings are nested more than {_DEEPEST} deep"
            return Problem(_place_at(event.start_mark, path), "yaml-depth", said, "close the brackets, or indent less")
    return None


def as_value(node: Node) -> object:
    """The node as plain Python: dict, list, str, int, float, bool or None, by YAML 1.2's plain words."""
    match node:
        case Mapping(entries=entries):
            return {name: as_value(value) for name, value in entries.items()}
        case Items(nodes=nodes):
            return [as_value(item) for item in nodes]
        case Scalar() as scalar:
            return scalar.text if scalar.style else _plain_value(scalar)
    return None


def unknown_keys(mapping: Mapping, known: set[str], check: str) -> list[Problem]:
    """A problem for every key not in `known`, naming the nearest."""
    return [
        Problem(mapping.keys[name].place, check, f"unknown key '{name}'", did_you_mean(name, known))
        for name in mapping.entries
        if name not in known
    ]


def _plain_value(node: Scalar) -> object:
    text = node.text
    if node.is_null:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _convert(node: yaml.Node, path: str, problems: list[Problem]) -> Node:
    place = Place(path, node.start_mark.line + 1, node.start_mark.column + 1)
    span = (place, node.start_mark.index, node.end_mark.index)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, span, problems)
    if isinstance(node, yaml.SequenceNode):
        return Items(*span, nodes=tuple(_convert(item, path, problems) for item in node.value))
    style = (node.style or None) if isinstance(node, yaml.ScalarNode) else None
    return Scalar(*span, text=str(node.value), style=style)


def _mapping(node: yaml.MappingNode, span: tuple[Place, int, int], problems: list[Problem]) -> Mapping:
    path = span[0].path
    entries: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    for key_node, value_node in node.value:
        key = _convert(key_node, path, problems)
        if not isinstance(key, Scalar):
            problems.append(Problem(key.place, "yaml-key", "a key must be a word", "quote it"))
            continue
        if key.text in entries:
            first = keys[key.text].place
            problems.append(
                Problem(
                    key.place, "duplicate-key", f"'{key.text}' stands here twice", f"the first is on line {first.line}"
                )
            )
            continue
        entries[key.text] = _convert(value_node, path, problems)
        keys[key.text] = key
    return Mapping(*span, entries=entries, keys=keys)


def _alias_problem(event: yaml.AliasEvent, path: str) -> Problem:
    place = _place_at(event.start_mark, path)
    return Problem(place, "yaml-alias", "an alias (*) is not allowed here", "write the value out, or quote the word")


def _syntax_problem(error: yaml.MarkedYAMLError, path: str) -> Problem:
    place = _place_at(error.problem_mark or error.context_mark, path)
    what = error.problem or "not readable as YAML"
    remedy = "quote the value, or write it after 'key: |' on a line of its own" if "mapping values" in what else ""
    return Problem(place, "yaml-syntax", what, remedy)


def _character_problem(error: yaml.reader.ReaderError, text: str, path: str) -> Problem:
    """PyYAML's C parser counts the bytes before the character."""
    before = text.encode()[: error.position].decode(errors="replace")
    place = Place(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
    said = f"the character U+{ord(text[len(before)]):04X} is not allowed in YAML"
    return Problem(place, "yaml-syntax", said, "remove it; an editor that shows invisible characters finds it")


def _place_at(mark: Any, path: str) -> Place:
    """Any: PyYAML and its C parser have a type of mark each, alike."""
    return Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
