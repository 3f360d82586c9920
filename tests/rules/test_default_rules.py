"""The rule files that ship are right, and say what they promise."""

from pathlib import Path

import pytest

from kehu.model.feature_types import Schema
from kehu.rules.reading import read_rules

RULES = Path(__file__).parents[2] / "rules"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in RULES.glob("*.yaml") if path.stem != "identity"}
LEVELS = {
    "churn_warning": [
        "volume_collapse",
        "silent",
        "late_deliveries",
        "complaints_rising",
        "revenue_falling",
        "dissatisfied",
    ],
    "lifecycle": ["active", "lost", "prospective", "potential"],
    "order_accumulation": ["new", "loyal", "regular", "occasional"],
    "order_amount": ["platinum", "gold", "silver", "bronze", "basic"],
    "project_customer": ["project", "project_candidate"],
    "service_tier": ["vip", "professional", "ordinary"],
    "size_class": ["large", "medium", "small"],
    "value_class": ["loss_making", "star", "core", "growing", "standard"],
    "vip": ["vip"],
}


def test_the_default_rules_have_no_problem(schema: Schema) -> None:
    _, problems = read_rules(TEXTS, schema)
    assert [str(problem) for problem in problems] == []


def test_the_default_rules_answer_nine_questions(schema: Schema) -> None:
    book, _ = read_rules(TEXTS, schema)
    codes = {
        item.code: [level.code for level in item.levels] + [rule.code for rule in item.warnings]
        for item in book.rulesets
    }
    assert codes == LEVELS


@pytest.mark.parametrize("ruleset", sorted(LEVELS))
def test_a_file_is_named_for_its_question(ruleset: str) -> None:
    assert f"\nruleset: {ruleset}\n" in TEXTS[f"{ruleset}.yaml"]
