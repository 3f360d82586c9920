"""A score is told by its points: what granted them, what would grant more."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.needs import need_of
from kehu.rules.truths import deciding, truth_of

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA: Schema = {"n": FeatureType("integer"), "paid": FeatureType("decimal", scale=2)}
SUM = "(n >= 10 ? 5 : (n >= 5 and paid > 0 ? 3 : 0)) + (paid >= 100 ? 2 : -1) + (paid / n > 1000 ? 7 : 0)"


@pytest.mark.parametrize(
    ("_case", "n", "paid", "score", "granted"),
    [
        (
            "the best of each",
            10,
            20_000_00,
            14,
            [("n >= 10", "true", 5), ("paid >= 100", "true", 2), (None, "true", 7)],
        ),
        (
            "the second",
            5,
            100_00,
            5,
            [("n >= 5 and paid > 0", "true", 3), ("paid >= 100", "true", 2), (None, "false", 0)],
        ),
        ("none", 4, 1, -1, [("n >= 5 and paid > 0", "false", 0), ("paid >= 100", "false", -1), (None, "false", 0)]),
    ],
)
def test_a_score_shows_what_granted_its_points(
    _case: str, n: int, paid: int, score: int, granted: list[tuple[str | None, str, int]]
) -> None:
    truth = truth_of(f"{SUM} >= 6", {"n": n, "paid": paid}, SCHEMA, AS_OF)
    assert (truth.text, truth.joined, truth.values) == ("score >= 6", "sum", (("score", Decimal(score)),))
    assert truth.state == ("true" if score >= 6 else "false")
    assert [(part.text, part.state, part.points) for part in truth.parts] == [
        (text or "paid / n > 1000", state, Decimal(points)) for text, state, points in granted
    ]
    assert deciding(truth) == (truth,)


def test_a_score_of_which_a_part_fails_cannot_be_computed() -> None:
    truth = truth_of(f"{SUM} >= 6", {"n": 0, "paid": 1}, SCHEMA, AS_OF)
    assert (truth.state, truth.joined) == ("failed", "")


def test_points_that_lack_are_told_with_what_would_grant_more() -> None:
    need = need_of(f"{SUM} >= 6", {"n": 5, "paid": 100_00}, SCHEMA, AS_OF)
    assert need is not None
    assert need.text == (
        "score is 5, needs 6: 1 more (+2 where n is 5, needs 10: 5 more; "
        "+7 where 'paid / n > 1000' is false (n is 5, paid is 100.00))"
    )
    assert (need.actual, need.target, need.gap) == (Decimal(5), Decimal(6), Decimal(1))


def test_a_sum_of_anything_else_is_a_clause_like_any_other() -> None:
    truth = truth_of("(n >= 10 ? 5 : 0) + n >= 6", {"n": 5}, SCHEMA, AS_OF)
    assert (truth.text, truth.joined, truth.values) == ("(n >= 10 ? 5 : 0) + n >= 6", "", (("n", 5),))
