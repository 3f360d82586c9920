"""Conditions that are kept for the next request with the same values."""

from typing import Any

import pytest
from graphql import parse
from tests.graphql.both_ways import BUILT

from kehu.reader.conditions import ByFeature, Compare, Condition, Every, InLevel, Not, Some
from kehu_graphql.planning.conditions import is_lasting
from kehu_graphql.planning.documents import Document, read_document

_REGION = Compare("region", "eq", "上海")
_LEVEL = InLevel("lifecycle", ("active",), 7)
_FEATURE = ByFeature("shipments_90d", "n1", "gte", 3)
_QUERY = """query($r: String, $w: CustomerWhere, $a: String, $n: Int) {
  customers(where: {region: {eq: $r}}, after: $a, first: $n) { totalCount } b: customers(where: $w) { totalCount } }"""


@pytest.mark.parametrize(
    ("_case", "condition", "expected"),
    [
        ("nothing", Every(), True),
        ("a column", Every((_REGION,)), True),
        ("a level", _LEVEL, False),
        ("a feature", Some((_REGION, _FEATURE)), False),
        ("a level deep within", Every((_REGION, Some((Not(Every((_LEVEL,))),)))), False),
    ],
)
def test_conditions_on_what_is_published_do_not_last(_case: str, condition: Condition, *, expected: bool) -> None:
    assert is_lasting(condition) is expected


@pytest.mark.parametrize(
    ("_case", "first", "other", "are_alike"),
    [
        ("the same", {"r": "上海"}, {"r": "上海"}, True),
        ("another value", {"r": "上海"}, {"r": "浙江"}, False),
        ("left out or null", {}, {"r": None}, False),
        ("a value within an input", {"w": {"region": {"eq": "a"}}}, {"w": {"region": {"eq": "b"}}}, False),
        ("a number or its text", {"w": {"a": 1}}, {"w": {"a": "1"}}, False),
        ("another page", {"a": "x", "n": 1}, {"a": "y", "n": 2}, True),
    ],
)
def test_variables_within_conditions_tell_requests_apart(
    _case: str, first: dict[str, Any], other: dict[str, Any], *, are_alike: bool
) -> None:
    document = _document()
    assert (document.narrowed(first) == document.narrowed(other)) is are_alike


def test_long_values_have_no_text() -> None:
    assert _document().narrowed({"r": "x" * 1000}) is None


def _document() -> Document:
    found = read_document(BUILT.core, _QUERY, parse(_QUERY), None)
    assert found is not None
    return found
