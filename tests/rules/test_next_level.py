"""One customer's distance, from values as JSON holds them."""

from datetime import UTC, datetime

import pytest

from kehu.model.feature_types import FeatureType, Label
from kehu.rules.book import Level, VariantRule
from kehu.rules.next_level import Asked, Missing, NextLevel, asked_of, next_level, stored_row

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {
    "n": FeatureType("integer", nullable=True),
    "paid": FeatureType("decimal", scale=2),
    "rate": FeatureType("float"),
    "met": FeatureType("instant", nullable=True),
    "kind": FeatureType("string"),
    "titles": FeatureType("strings"),
}
KEPT = {"n": None, "paid": "-12.50", "rate": 1, "met": "2026-02-01T00:00:00Z", "kind": "项目", "titles": ["a"], "x": 1}


def test_values_come_back_as_they_were_kept() -> None:
    met = datetime(2026, 2, 1, tzinfo=UTC)
    assert stored_row(KEPT, SCHEMA).rows() == [(None, -1250, 1.0, met, "项目", ["a"])]


@pytest.mark.parametrize(
    ("_case", "name", "value"),
    [
        ("more decimals than the type has", "paid", "12.505"),
        ("no number", "paid", "much"),
        ("a text for a whole number", "n", "12.50"),
        ("no instant", "met", "yesterday"),
        ("a number for an instant", "met", 5),
        ("a number for a text", "kind", 5),
    ],
)
def test_values_of_other_types_are_refused(_case: str, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        stored_row({**KEPT, name: value}, SCHEMA)


def test_what_one_row_lacks_is_told() -> None:
    row = stored_row(KEPT, SCHEMA)
    asked = Asked("gold", (VariantRule("kind == '项目'", "paid >= 0 and (n ?? 0) > 5"), VariantRule("", "rate > 9")))
    missing = (Missing("paid", "-12.50", ">= 0", "12.50"), Missing("n", None, "> 5", None))
    assert next_level(asked, row, SCHEMA, AS_OF) == NextLevel("gold", missing)


def test_a_level_without_variants_asks_its_condition_of_all() -> None:
    level = Level("gold", Label("Gold", "金"), "n > 5", otherwise=False, keep_while="n > 4")
    assert asked_of(level) == Asked("gold", (VariantRule("", "n > 5", "n > 4"),))
