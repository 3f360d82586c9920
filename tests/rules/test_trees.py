"""The parser gives every node its place and goes on after an error."""

from datetime import UTC, datetime

import pytest
from rule_engine import errors

from kehu.model.feature_types import FeatureType
from kehu.rules.interpreter import engine_context
from kehu.rules.trees import DEEPEST, parse, symbols_of

SCHEMA = {"count": FeatureType("integer"), "name": FeatureType("string"), "days": FeatureType("integer", nullable=True)}
CONTEXT = engine_context(SCHEMA, datetime(2024, 1, 1, tzinfo=UTC))

FAULTS = [
    ("one", "count > 1 and foo", ["foo"]),
    ("two on two lines", "foo > 1\nand bar", ["foo", "bar"]),
    ("inside brackets", "(count + foo) * 2 > 1", ["foo"]),
    ("in a list", "count in [1, foo, bar]", ["foo", "bar"]),
    ("the attribute's owner", "name.foo > 1", ["name.foo"]),
    ("a folded constant", "count > (1 / 0)", ["1 / 0"]),
    ("a text", r'name == "\xZZ"', [r'"\xZZ"']),
    ("after a comment", "count > 1 # foo > 1\nand bar", ["bar"]),
    ("not in", "days not in name", []),
]


@pytest.mark.parametrize(("_case", "text", "expected"), FAULTS)
def test_every_fault_stands_at_its_text(_case: str, text: str, expected: list[str]) -> None:
    faults = parse(text, CONTEXT).faults
    assert [text[fault.span.start : fault.span.end] for fault in faults] == expected or (not expected and faults)


def test_line_numbers_do_not_run_on_from_text_to_text() -> None:
    spans = [parse("count >\n\n> 1", CONTEXT).faults[0].span.start for _ in range(3)]
    assert spans == [9, 9, 9]


def test_a_syntax_error_leaves_no_tree() -> None:
    parsed = parse("count > else", CONTEXT)
    assert parsed.root is None
    assert isinstance(parsed.faults[0].error, errors.RuleSyntaxError)
    assert parsed.faults[0].span.start == 8


def test_operators_may_nest_to_the_limit_and_no_deeper() -> None:
    assert parse("not " * (DEEPEST - 1) + "count", CONTEXT).root is not None
    assert parse("not " * DEEPEST + "count", CONTEXT).root is None


def test_the_symbols_are_the_features_named() -> None:
    root = parse('count > 1 ? name.starts_with("a") : $abs(days ?? 1) in [$pi, 2]', CONTEXT).root
    assert symbols_of(root) == {"count", "name", "days"}


def test_constants_fold_in_28_digits() -> None:
    root = parse("count > 1 / 3", CONTEXT).root
    assert root is not None
    assert str(root.right.value) == "0." + "3" * 28
