"""Texts chosen from the table of the language.

Which production is taken is the caller's choice, so that the same table serves dice (many texts, replayed by their
seed) and Hypothesis (few, made small when one fails).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.rules.language import RULES, WORDS

Choose = Callable[[Sequence[str]], str]

_KIND = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with the productions it was made by."""

    text: str
    productions: frozenset[str]


class Grammar:
    """Every production of a kind is as likely as every other; those that name a word of `avoid` are left out."""

    def __init__(self, avoid: tuple[str, ...] = ()) -> None:
        self._all = {kind: [each for each in RULES[kind] if not any(word in each for word in avoid)] for kind in RULES}
        self._leaves = {kind: [each for each in options if is_leaf(each)] for kind, options in self._all.items()}

    def sentence(self, kind: str, depth: int, choose: Choose) -> Sentence:
        """A text of the kind, at most `depth` productions above its leaves."""
        used: set[str] = set()
        text = self._text(kind, depth, choose, used)
        return Sentence(text, frozenset(used))

    def sentence_of_any(self, kinds: Sequence[str], depth: int, choose: Choose) -> Sentence:
        """The same of any of the kinds, every production of theirs at its root as likely as every other."""
        kind, _, production = choose(self._roots(tuple(kinds))).partition(": ")
        used = {production_name(kind, production)}
        text = _KIND.sub(lambda found: self._text(found[1], depth - 1, choose, used), production)
        return Sentence(text, frozenset(used))

    @cache  # noqa: B019 - there are two grammars
    def _roots(self, kinds: tuple[str, ...]) -> list[str]:
        return [production_name(kind, each) for kind in kinds for each in self._all[kind] if not _KIND.fullmatch(each)]

    def _text(self, kind: str, depth: int, choose: Choose, used: set[str]) -> str:
        if kind in WORDS:
            return choose(WORDS[kind])
        production = choose(self._all[kind] if depth > 0 else self._leaves[kind])
        used.add(production_name(kind, production))
        below = depth if _KIND.fullmatch(production) else depth - 1
        return _KIND.sub(lambda found: self._text(found[1], below, choose, used), production)


def production_name(kind: str, production: str) -> str:
    """What a production is counted under."""
    return f"{kind}: {production}"


def productions(kinds: Iterable[str]) -> frozenset[str]:
    """The names of all productions of the kinds."""
    return frozenset(production_name(kind, each) for kind in kinds for each in RULES[kind])


def is_leaf(production: str) -> bool:
    """Whether it holds nothing but words, or is only another name for a kind."""
    return bool(_KIND.fullmatch(production)) or all(kind in WORDS for kind in _KIND.findall(production))
