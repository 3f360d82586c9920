"""Columns that break what their features promise are told of, each with how many customers."""

import polars as pl
import pytest

from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.model.problems import RefusedError
from kehu.rules.contract import check_features

TEXTS = FeatureType("strings")
WORDS = FeatureType("strings", words=("air", "sea"))
NUMBERS = FeatureType("integers", digits=3)


@pytest.mark.parametrize(
    ("_case", "kind", "rows", "said"),
    [
        ("a list that is absent", TEXTS, [["air"], None], "1 customers have no value or an item that is unknown"),
        ("an item that is unknown", TEXTS, [["air", None], [None], []], "2 customers have no value or an item"),
        ("a word not declared", WORDS, [["air"], ["rail", "air"]], "or no declared word"),
        ("too many digits", NUMBERS, [[999, -999], [1000], [-1000]], "2 customers have no value or an item"),
    ],
)
def test_a_list_that_breaks_its_promise_is_refused(
    _case: str, kind: FeatureType, rows: list[list[object] | None], said: str
) -> None:
    frame = pl.DataFrame({"list": pl.Series(rows, dtype=POLARS_TYPES[kind.kind])})
    with pytest.raises(RefusedError) as refused:
        check_features(frame, ["list"], {"list": kind})
    assert [problem.check for problem in refused.value.problems] == ["feature-contract"]
    assert said in refused.value.problems[0].message


@pytest.mark.parametrize(
    ("_case", "kind", "rows"),
    [
        ("texts", TEXTS, [["air"], []]),
        ("declared words", WORDS, [["air", "sea"], []]),
        ("numbers at the edge", NUMBERS, [[999, -999], []]),
    ],
)
def test_a_list_that_keeps_its_promise_passes(_case: str, kind: FeatureType, rows: list[list[object]]) -> None:
    frame = pl.DataFrame({"list": pl.Series(rows, dtype=POLARS_TYPES[kind.kind])})
    check_features(frame, ["list"], {"list": kind})


def test_a_list_of_another_type_is_named() -> None:
    frame = pl.DataFrame({"list": [["1"]]})
    with pytest.raises(RefusedError, match=r"'list' is List\(String\), not List\(Int64\)"):
        check_features(frame, ["list"], {"list": NUMBERS})
