"""Sets that Python reads with a warning are found, and no others."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.rules.pattern_sets import unclear_sign


@pytest.mark.parametrize(
    ("_case", "pattern", "expected"),
    [
        ("no set", "a--b", ""),
        ("a plain set", "[a-z_&]+", ""),
        ("a bracket first", "[[a]", "["),
        ("a bracket behind", "[a[]", ""),
        ("a bracket behind the negation", "[^[]", ""),
        ("a bracket with its backslash", r"[\[a]", ""),
        ("a set that is none", r"\[[a]", ""),
        ("an intersection", "[a&&b]", "&&"),
        ("a doubled sign first", "[&&b]", ""),
        ("a doubled sign second", "[^a||b]", "||"),
        ("a difference", "[a--b]", "--"),
        ("a bracket that closes nothing", "[]&&]", "&&"),
        ("the second set", "[a][b~~c]", "~~"),
        ("a set never closed", "[a", ""),
    ],
)
def test_a_set_that_may_mean_another_one_day_is_found(_case: str, pattern: str, expected: str) -> None:
    assert unclear_sign(pattern) == expected


@given(st.text(st.sampled_from("[[]]^-&|~a0\\\\"), max_size=10))
def test_it_is_found_where_python_warns(pattern: str) -> None:
    re.purge()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            re.compile(pattern)
        except re.error:
            return
    assert bool(unclear_sign(pattern)) == bool(told)
