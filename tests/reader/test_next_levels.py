"""What a member lacked for the next level is told from what the run kept."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kehu.model.feature_types import FeatureType, Label
from kehu.reader.definitions import Level, RuleSet, Variant
from kehu.reader.next_levels import next_level_of
from kehu.rules.next_level import Missing, NextLevel

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
TYPES = {"n": FeatureType("integer"), "paid": FeatureType("decimal", scale=2)}


def ruleset(kind: str = "tier", when: str | None = "n >= 10", *variants: Variant) -> RuleSet:
    label = Label("Size", "规模")
    levels = (
        Level("big", label, when, otherwise=False, treatment={}, members=None, variants=variants),
        Level("rest", label, None, otherwise=True, treatment={}, members=None),
    )
    return RuleSet("size", kind, label, None, levels, (), "d1", "", "size.yaml", features=TYPES)


TOLD = NextLevel("big", (Missing("n", 3, ">= 10", 7),))


@pytest.mark.parametrize(
    ("_case", "kind", "when", "level", "reasons", "expected"),
    [
        ("by values of its own condition", "tier", "n >= 10", "rest", {"features": {"n": 3}}, TOLD),
        ("by values kept beside", "tier", "n >= 10", "rest", {"features": None, "next": {"n": 3}}, TOLD),
        ("a score", "score", "n >= 10", "rest", {"features": {"n": 3}}, TOLD),
        ("the best level", "tier", "n >= 10", "big", {"features": {"n": 30}}, None),
        ("a flag", "flag", "n >= 10", "rest", {"features": {"n": 3}}, None),
        ("a level that is no more", "tier", "n >= 10", "gone", {"features": {"n": 3}}, None),
        ("values that were not kept", "tier", "n >= 10", "rest", {"features": {"paid": "1.00"}}, None),
        ("in by hand", "tier", "n >= 10", "rest", {"when": "by hand"}, None),
        ("a value of another type", "tier", "paid >= 10", "rest", {"features": {"paid": "1.005"}}, None),
        ("a condition that is none any more", "tier", "n >=", "rest", {"features": {"n": 3}}, None),
        ("no condition", "tier", None, "rest", {"features": {"n": 3}}, None),
    ],
)
def test_the_distance_is_told_where_the_values_were_kept(
    _case: str, kind: str, when: str | None, level: str, reasons: dict[str, Any], expected: NextLevel | None
) -> None:
    assert next_level_of(ruleset(kind, when), level, reasons, SINCE) == expected


def test_variants_count() -> None:
    found = ruleset("tier", "n >= 10", Variant("paid > 5", "n >= 4", None))
    reasons = {"features": {"n": 3, "paid": "5.01"}}
    assert next_level_of(found, "rest", reasons, SINCE) == NextLevel("big", (Missing("n", 3, ">= 4", 1),))
