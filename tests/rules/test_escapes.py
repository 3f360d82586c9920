"""Which backslashes mean something: exactly those that Python reads without a warning."""

import codecs
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.rules.escapes import unknown_escape


@pytest.mark.parametrize(
    ("_case", "literal", "expected"),
    [
        ("no backslash", '"vip"', ""),
        ("a letter that is none", r'"a\q"', r"\q"),
        ("a pattern's digit", r'"\d+"', r"\d"),
        ("the first of two", r'"\n\d\q"', r"\d"),
        ("a backslash doubled", r'"\\d"', ""),
        ("a raw text", r'r"\d"', ""),
        ("a quote", r'"\""', ""),
        ("the greatest octal number", r'"\377"', ""),
        ("an octal number too great", r'"\400"', r"\4"),
        ("two octal digits", r'"\77"', ""),
        ("a Chinese letter", '"\\中"', "\\中"),
    ],
)
def test_an_escape_without_meaning_is_found(_case: str, literal: str, expected: str) -> None:
    assert unknown_escape(literal) == expected


@given(st.text(st.sampled_from("\\\\\\nqdx01478'N{} a"), max_size=8))
def test_it_is_found_where_python_warns(body: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            codecs.decode(body, "unicode-escape")
        except UnicodeError:
            return
    assert bool(unknown_escape(f'"{body}"')) == bool(told)
