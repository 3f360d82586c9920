"""A translated pattern finds in Polars what Python finds."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from kehu.rules.regex import translate
from kehu.rules.values import Refused

TEXTS = [
    "",
    "a",
    "ab",
    "ba",
    "ab\n",
    "a\nb",
    "AB",
    "客户 1",
    "_",
    "a-b",
    "\x1c",
    "\u3000",
    "١",
    "²",
    "a.b",
    "e\u0301",
    "]",
    "^",
]
PATTERNS = [
    "", "a", "^a", "b$", r"b\Z", r"\Aa", "a|b$", "(?:a|^b)b?", "a.b", "(?s)a.b", r"a\.b", "[ab]+", "[^ab]", r"[\w-]+\Z",
    r"\W", r"\D", r"\S", r"\s", r"\d+", "a{1,2}", "a{2,}", "a*?b", "(a)(b)", "(?P<x>a)b", "[a-c]{2}", r"\x61",
    "(?x) a  b ", "[]^]", "客户", r"\u5ba2", "(ab$)", "(?:a|b)$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("from_start", [True, False])
def test_a_pattern_finds_the_same(pattern: str, from_start: bool) -> None:  # noqa: FBT001 - a table's column
    python = re.compile(pattern)
    find = python.match if from_start else python.search
    translated = translate(pattern, from_start=from_start)
    found = pl.Series(TEXTS).str.contains(translated.pattern).to_list()
    assert found == [find(text) is not None for text in TEXTS]
    assert translated.cautions == []


PIECES = some.sampled_from(
    ["a", "b", r"\w", r"\d", ".", "[ab]", "[^a]", "(a|b)", "^", "客", r"\s", "a?", "b*", "(?:ab)+"]
)


@given(some.lists(PIECES, max_size=5), some.sampled_from(["", "$", r"\Z"]), some.sampled_from(TEXTS))
def test_composed_patterns_find_the_same(pieces: list[str], end: str, text: str) -> None:
    pattern = "".join(pieces) + end
    translated = translate(pattern, from_start=False).pattern
    assert pl.select(pl.lit(text).str.contains(translated)).item() == (re.search(pattern, text) is not None)


REFUSED = [
    ("look-ahead", "(?=a)"), ("look-behind", "(?<!a)b"), ("back-reference", r"(a)\1"), ("conditional", "(a)?(?(1)b|c)"),
    ("possessive", "a++"), ("atomic", "(?>a)"), ("flags of a group", "(?i:a)"), ("multi-line", "(?m)^a"),
    ("end in the middle", "a$b"), ("repeated end", "(a$)+"), ("not a boundary", r"\Ba"), ("mixed negation", r"[\D_]"),
    ("many repeats", "a{2000}"), ("too large", r"(?:\w{900}){900}"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "pattern"), REFUSED)
def test_what_rust_lacks_is_refused(_case: str, pattern: str) -> None:
    with pytest.raises(Refused) as refused:
        translate(pattern, from_start=False)
    assert refused.value.check == "regex-unsupported"


@pytest.mark.parametrize(("pattern", "cautions"), [(r"\bVIP\b", 2), ("(?i)vip", 1)])
def test_what_may_differ_is_said(pattern: str, cautions: int) -> None:
    assert len(translate(pattern, from_start=False).cautions) == cautions
