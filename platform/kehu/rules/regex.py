"""Python's regular expressions said again in Rust's syntax, where both mean the same.

The pattern is read by Python's own parser, so what is written is what the interpreter understands.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import polars as pl

from kehu.rules.values import Refused

# No stub knows them, and whether one seems to depends on what else is installed.
_parser, _constants = import_module("re._parser"), import_module("re._constants")
_MOST_REPEATS = 1000
_ALLOWED_FLAGS = re.UNICODE | re.IGNORECASE | re.DOTALL | re.VERBOSE
_INSIDE = {
    "CATEGORY_DIGIT": r"\p{Nd}",
    "CATEGORY_WORD": r"\p{L}\p{N}_",
    "CATEGORY_SPACE": r"\s\x{1c}-\x{1f}",
}
# How a blank is written, and the same where the engine's own \s knows ASCII only.
SPACE = _INSIDE["CATEGORY_SPACE"]
EVERY_SPACE = r"\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_REFUSED = {
    "ASSERT": "look-ahead and look-behind",
    "ASSERT_NOT": "look-ahead and look-behind",
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}


@dataclass(slots=True)
class Translation:
    """The pattern for Polars; `cautions` name what may differ on rare texts."""

    pattern: str = ""
    cautions: list[str] = field(default_factory=list)


def translate(pattern: str, *, from_start: bool) -> Translation:
    """The pattern in Rust's syntax; `from_start` anchors it as Python's `re.match` does. Raises Refused."""
    tree = _parser.parse(pattern)
    flags = tree.state.flags
    if flags & ~_ALLOWED_FLAGS:
        raise _unsupported("the flags a, L and m")
    writer = _Writer(dot_all=bool(flags & re.DOTALL))
    body = writer.sequence(tree, tail=True)
    if flags & re.IGNORECASE:
        writer.cautions.append("(?i) folds a few letters differently")
        body = f"(?i:{body})"
    translated = rf"\A(?:{body})" if from_start else body
    try:
        pl.select(pl.lit("").str.contains(translated))
    except pl.exceptions.ComputeError as error:
        raise Refused("regex-unsupported", "the pattern is too large", "repeat less, or split the condition") from error
    return Translation(translated, writer.cautions)


def _unsupported(what: str) -> Refused:
    return Refused(
        "regex-unsupported",
        f"{what} cannot be evaluated exactly in bulk",
        "write the pattern without it; 'starts_with', 'in' and two conditions with 'and' often do",
    )


@dataclass(slots=True)
class _Writer:
    dot_all: bool
    cautions: list[str] = field(default_factory=list)

    def sequence(self, items: Iterable[Any], *, tail: bool) -> str:
        """`tail` is true where nothing follows: only there can `$` stand for an optional line break and the end."""
        parts = list(items)
        return "".join(self.item(*part, tail=tail and index == len(parts) - 1) for index, part in enumerate(parts))

    def item(self, operation: Any, argument: Any, *, tail: bool) -> str:
        name = str(operation)
        if name in _REFUSED:
            raise _unsupported(_REFUSED[name])
        if name == "AT":
            return self._at(str(argument), tail=tail)
        write: dict[str, Callable[[], str]] = {
            "LITERAL": lambda: _character(argument),
            "NOT_LITERAL": lambda: f"[^{_character(argument)}]",
            "ANY": lambda: "(?s:.)" if self.dot_all else r"[^\n]",
            "IN": lambda: _class(argument),
            "BRANCH": lambda: self._branch(argument[1], tail=tail),
            "SUBPATTERN": lambda: self._group(argument, tail=tail),
            "MAX_REPEAT": lambda: self._repeat(argument),
            "MIN_REPEAT": lambda: self._repeat(argument),
        }
        if name not in write:
            raise _unsupported(f"'{name.lower()}'")
        return write[name]()

    def _branch(self, choices: Iterable[Any], *, tail: bool) -> str:
        return "(?:" + "|".join(self.sequence(choice, tail=tail) for choice in choices) + ")"

    def _group(self, argument: Any, *, tail: bool) -> str:
        _number, add, remove, items = argument
        if add or remove:
            raise _unsupported("a group with its own flags")
        return f"(?:{self.sequence(items, tail=tail)})"

    def _repeat(self, argument: Any) -> str:
        low, high, items = argument
        top = "" if high is _constants.MAXREPEAT else int(high)
        if low > _MOST_REPEATS or (top != "" and int(top) > _MOST_REPEATS):
            raise _unsupported(f"a repeat of more than {_MOST_REPEATS}")
        return f"(?:{self.sequence(items, tail=False)}){{{low},{top}}}"

    def _at(self, where: str, *, tail: bool) -> str:
        match where:
            case "AT_BEGINNING" | "AT_BEGINNING_STRING":
                return r"\A"
            case "AT_END_STRING":
                return r"\z"
            case "AT_END" if tail:
                return r"\n?\z"
            case "AT_BOUNDARY":
                self.cautions.append(r"\b counts combining accents as letters")
                return r"\b"
        raise _unsupported("'$' before the end" if where == "AT_END" else r"'\B'")


def _character(code: int) -> str:
    character = chr(code)
    return character if character.isalnum() else f"\\x{{{code:x}}}"


def _class(items: list[tuple[Any, Any]]) -> str:
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    members = items[1:] if negated else items
    categories = [str(argument) for operation, argument in members if str(operation) == "CATEGORY"]
    if any("_NOT_" in category for category in categories):
        if len(members) > 1:
            raise _unsupported(r"a negated class such as \D beside other characters")
        negated = not negated
    body = "".join(_class_member(str(operation), argument) for operation, argument in members)
    return f"[{'^' if negated else ''}{body}]"


def _class_member(operation: str, argument: Any) -> str:
    match operation:
        case "LITERAL":
            return _character(argument)
        case "RANGE":
            return f"{_character(argument[0])}-{_character(argument[1])}"
    return _INSIDE[str(argument).replace("_NOT_", "_")]
