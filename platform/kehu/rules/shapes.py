"""Reading YAML nodes into plain words, noting everything that has the wrong shape."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kehu.model.feature_types import Label
from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Items, Mapping, Node, Scalar, unknown_keys

_CODE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(slots=True)
class Shapes:
    """Collects the problems of one file; each reader gives None, '' or nothing where the shape is wrong."""

    problems: list[Problem] = field(default_factory=list)

    def note(self, place: Place, check: str, message: str, remedy: str = "") -> None:
        """Keep a problem."""
        self.problems.append(Problem(place, check, message, remedy))

    def mapping(self, node: Node, what: str, keys: Iterable[str], required: Iterable[str]) -> Mapping | None:
        """The node as a mapping of the known keys; unknown and missing ones are noted."""
        if not isinstance(node, Mapping):
            known = ", ".join(required) or ", ".join(keys)
            self.note(node.place, "wrong-shape", f"{what} must be a mapping", f"with {known}")
            return None
        self.problems += unknown_keys(node, set(keys), "unknown-key")
        for key in required:
            if node.get(key) is None:
                self.note(node.place, "missing-key", f"{what} has no '{key}'", f"add '{key}:'")
        return node

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The node's items; an absent node has none."""
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.note(node.place, "wrong-shape", f"{what} must be a list", "start each item with '- '")
            return ()
        return node.nodes

    def text(self, node: Node | None, what: str) -> str:
        """A text that is not empty."""
        if isinstance(node, Scalar) and not node.is_null and node.text.strip():
            return node.text
        if node is not None:
            self.note(node.place, "wrong-shape", f"{what} must be a text")
        return ""

    def code(self, node: Node | None, what: str) -> str:
        """A code: small letters, digits and underscores."""
        text = self.text(node, what)
        if node is not None and text and not _CODE.fullmatch(text):
            remedy = "use small letters, digits and _, starting with a letter"
            self.note(node.place, "bad-code", f"'{text}' cannot be {what}", remedy)
        return text

    def word(self, node: Node | None, what: str, words: Iterable[str]) -> str:
        """One of the words."""
        text = self.text(node, what)
        if node is not None and text and text not in (known := tuple(words)):
            self.note(node.place, "unknown-word", f"'{text}' is not {what}", did_you_mean(text, known))
        return text

    def label(self, node: Node | None, place: Place, what: str) -> Label:
        """A label in English and Chinese."""
        entries = node.entries if isinstance(node, Mapping) else {}
        if isinstance(node, Mapping):
            self.problems += unknown_keys(node, {"en", "zh"}, "unknown-key")
        texts = {language: _plain(entries.get(language)) for language in ("en", "zh")}
        missing = [language for language, text in texts.items() if not text]
        if missing:
            remedy = "write label: {en: Gold, zh: 金牌}"
            where = place if node is None else node.place
            self.note(where, "missing-label", f"{what} has no label in {' and '.join(missing)}", remedy)
        return Label(texts["en"], texts["zh"])


def _plain(node: Node | None) -> str:
    return node.text.strip() if isinstance(node, Scalar) and not node.is_null else ""
