"""A condition taken apart: every clause with its value, those not asked, those that decided."""

from datetime import UTC, datetime

import pytest

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.truths import Truth, deciding, truth_of

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA: Schema = {
    "n": FeatureType("integer"),
    "none": FeatureType("integer"),
    "rate": FeatureType("float", nullable=True),
    "asked": FeatureType("boolean", nullable=True),
    "kind": FeatureType("string", words=("company", "person")),
}
ROW = {"n": 12, "none": 0, "rate": None, "asked": None, "kind": "company"}


def shown(truth: Truth) -> str:
    """The states of the clauses, nested as they are."""
    inside = " ".join(map(shown, truth.parts))
    return f"{truth.joined}:{truth.state}({inside})" if truth.parts else truth.state


def taken(text: str) -> Truth:
    return truth_of(text, ROW, SCHEMA, AS_OF)


@pytest.mark.parametrize(
    ("text", "expected", "decided"),
    [
        ("n > 3", "true", ["n > 3"]),
        ("n > 30 and n > 3", "and:false(false skipped)", ["n > 30"]),
        ("n > 3 and n > 30 and n > 1", "and:false(true false skipped)", ["n > 30"]),
        ("n > 3 and n > 5", "and:true(true true)", ["n > 3", "n > 5"]),
        ("n > 3 or n > 30", "or:true(true skipped)", ["n > 3"]),
        ("n > 30 or n > 40", "or:false(false false)", ["n > 30", "n > 40"]),
        (
            "n > 30 or (n > 3 and kind == 'person')",
            "or:false(false and:false(true false))",
            ["n > 30", "kind == 'person'"],
        ),
        ("n > 3 or (n > 4 and n > 5)", "or:true(true and:skipped(skipped skipped))", ["n > 3"]),
        ("asked", "unknown", ["asked"]),
        ("asked or n > 3", "or:true(unknown true)", ["n > 3"]),
        ("asked and n > 3", "and:false(unknown skipped)", ["asked"]),
        ("not asked", "not:true(unknown)", ["asked"]),
        ("not (n > 3 and n > 30)", "not:true(and:false(true false))", ["n > 30"]),
        ("not (n / none > 3)", "not:failed(failed)", ["n / none > 3"]),
        ("n / none > 3 or n > 3", "or:failed(failed skipped)", ["n / none > 3"]),
        ("n > 30 and n / none > 3", "and:false(false skipped)", ["n > 30"]),
        ("kind not in ['person']", "true", ["kind not in ['person']"]),
        ("(rate ?? 1) < 0.9", "false", ["(rate ?? 1) < 0.9"]),
    ],
)
def test_clauses_are_asked_as_the_interpreter_asks_them(text: str, expected: str, decided: list[str]) -> None:
    truth = taken(text)
    assert shown(truth) == expected
    assert [clause.text for clause in deciding(truth)] == decided


def test_a_clause_shows_the_values_it_names_on_one_line() -> None:
    truth = taken("n > 3\n  and (rate ??\n 1) < n")
    assert [(part.text, part.values) for part in truth.parts] == [
        ("n > 3", (("n", 12),)),
        ("(rate ?? 1) < n", (("n", 12), ("rate", None))),
    ]
