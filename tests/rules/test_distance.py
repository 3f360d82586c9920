"""What lacks for the next better level, clause by clause, as amounts that would do."""

import json
import operator
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Label
from kehu.rules.book import Level, RuleSet, VariantRule
from kehu.rules.distance import distances
from kehu.rules.kinds import Kind

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {
    "n": FeatureType("integer"),
    "m": FeatureType("integer", nullable=True),
    "paid": FeatureType("decimal", scale=2),
    "rate": FeatureType("float", nullable=True),
    "kind": FeatureType("string", nullable=True),
    "vip": FeatureType("boolean"),
    "met": FeatureType("instant", nullable=True),
}
ROW: dict[str, object] = {"n": 3, "m": None, "paid": 482_000, "rate": 0.8, "kind": 'a "b"', "vip": False, "met": AS_OF}
Missing = list[tuple[object, object, str, object]]


def level(code: str, when: str | None, *variants: VariantRule) -> Level:
    return Level(code, Label(code, "级"), when, when is None, variants=variants)


def ruleset(*levels: Level, kind: Kind = "tier") -> RuleSet:
    return RuleSet("size", kind, Label("Size", "规模"), "d", levels, (), "size.yaml", "", "")


def tier(condition: str) -> RuleSet:
    """Who meets the condition is up, the others are down."""
    return ruleset(level("up", condition), level("down", None))


def frame(rows: list[dict[str, Any]], schema: Mapping[str, FeatureType] = SCHEMA) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: POLARS_TYPES[kind.kind] for name, kind in schema.items()})


def told(found: RuleSet, features: pl.DataFrame, code: str = "down") -> list[dict[str, Any]]:
    schema = SCHEMA if "n" in features.columns else NUMBERS
    column = features.select(told=distances(found, schema, AS_OF)[code])["told"]
    return [json.loads(text) for text in column]


def missing(condition: str, **values: object) -> Missing:
    (found,) = told(tier(condition), frame([ROW | values]))
    assert found["level"] == "up"
    return [(each["feature"], each["is"], each["wants"], each["lacks"]) for each in found["missing"]]


@pytest.mark.parametrize(
    ("_case", "condition", "values", "expected"),
    [
        ("at least", "n >= 5", {}, [("n", 3, ">= 5", 2)]),
        ("more than: one step beyond", "n > 5", {}, [("n", 3, "> 5", 3)]),
        ("at most", "n <= 1", {}, [("n", 3, "<= 1", 2)]),
        ("less than", "n < 1", {}, [("n", 3, "< 1", 3)]),
        ("exactly", "n == 1", {}, [("n", 3, "== 1", 2)]),
        ("anything else has no amount", "n != 3", {}, [("n", 3, "!= 3", None)]),
        ("the number first", "5 <= n", {}, [("n", 3, ">= 5", 2)]),
        ("between its steps", "n >= 4.5", {}, [("n", 3, ">= 4.5", 2)]),
        ("a number it never is", "n == 4.5", {}, [("n", 3, "== 4.5", None)]),
        ("met", "n >= 3", {}, []),
        ("just missed", "n >= 4", {}, [("n", 3, ">= 4", 1)]),
        ("an amount in major units", "paid >= 5000", {}, [("paid", "4820.00", ">= 5000", "180.00")]),
        ("more than an amount", "paid > 5000", {}, [("paid", "4820.00", "> 5000", "180.01")]),
        ("less than nothing", "paid < 0", {"paid": -0}, [("paid", "0.00", "< 0", "0.01")]),
        ("a computed number", "paid >= 500 * 10.5", {}, [("paid", "4820.00", ">= 5250", "430.00")]),
        ("a float", "(rate ?? 0) >= 0.9", {}, [("rate", 0.8, ">= 0.9", 0.1)]),
        ("unknown has no distance", "(m ?? 0) >= 5", {}, [("m", None, ">= 5", None)]),
        ("unknown taken for enough", "(m ?? 9) >= 5", {}, []),
        ("to be known", "m != null", {}, [("m", None, "!= null", None)]),
        ("a text", "(kind ?? '') == 'c'", {}, [("kind", 'a "b"', "== 'c'", None)]),
        ("a truth", "vip", {}, [("vip", False, "== true", None)]),
        ("a truth denied", "not vip", {"vip": True}, [("vip", True, "== false", None)]),
        ("an instant", "met != null", {"met": None}, [("met", None, "!= null", None)]),
        ("two features", "paid > n * 5000", {}, [(None, None, "paid > n * 5000", None)]),
        ("arithmetic", "n + 1 > 5", {}, [(None, None, "n + 1 > 5", None)]),
        ("a list", "n in [4, 5]", {}, [(None, None, "n in [4, 5]", None)]),
        ("denied", "not (n in [3, 5])", {}, [(None, None, "not (n in [3, 5])", None)]),
        ("what cannot be computed", "paid / n > 5", {"n": 0}, [(None, None, "paid / n > 5", None)]),
        ("a number for true", "n and paid > 1", {"n": 0}, [(None, None, "n", None)]),
        (
            "points",
            "(n >= 5 ? 10 : 0) + (paid >= 1000 ? 20 : 0) >= 30",
            {},
            [(None, 20, "score >= 30", 10)],
        ),
        (
            "all clauses, those that are met left out",
            "n >= 5 and not vip and paid >= 5000",
            {},
            [("n", 3, ">= 5", 2), ("paid", "4820.00", ">= 5000", "180.00")],
        ),
        (
            "not any is none",
            "not (n < 5 or paid < 5000)",
            {},
            [("n", 3, ">= 5", 2), ("paid", "4820.00", ">= 5000", "180.00")],
        ),
        ("not all is any", "not (n < 5 and paid < 5000)", {}, [("paid", "4820.00", ">= 5000", "180.00")]),
        ("any: the fewest clauses", "(paid > 4900 and n > 3) or n > 300", {}, [("n", 3, "> 300", 298)]),
        ("any: the least share", "n >= 4 or paid >= 5000", {}, [("paid", "4820.00", ">= 5000", "180.00")]),
        ("any: as written where equal", "vip or kind == null", {}, [("vip", False, "== true", None)]),
        ("any: what has an amount before what has none", "vip or n >= 30", {}, [("n", 3, ">= 30", 27)]),
        (
            "any within all",
            "n >= 5 and (vip or paid >= 5000)",
            {},
            [("n", 3, ">= 5", 2), ("paid", "4820.00", ">= 5000", "180.00")],
        ),
        ("comments and line breaks", "n >= 5 # enough\nand (kind ?? 'c  d') == 'a \"b\"'", {}, [("n", 3, ">= 5", 2)]),
    ],
)
def test_each_unmet_clause_says_what_lacks(
    _case: str, condition: str, values: dict[str, object], expected: Missing
) -> None:
    assert missing(condition, **values) == expected


LEVELS = (level("gold", "n >= 30"), level("silver", "n >= 10 and vip"), level("rest", None))


def test_the_level_above_is_the_next_and_the_best_has_none() -> None:
    found = ruleset(*LEVELS)
    assert list(distances(found, SCHEMA, AS_OF)) == ["silver", "rest"]
    features = frame([ROW | {"n": 10}, ROW | {"n": 29, "vip": True}])
    assert told(found, features, "silver") == [
        {"level": "gold", "missing": [{"feature": "n", "is": 10, "wants": ">= 30", "lacks": 20}]},
        {"level": "gold", "missing": [{"feature": "n", "is": 29, "wants": ">= 30", "lacks": 1}]},
    ]
    assert told(found, features, "rest") == [
        {"level": "silver", "missing": [{"feature": "vip", "is": False, "wants": "== true", "lacks": None}]},
        {"level": "silver", "missing": []},
    ]


def test_flags_have_no_next_level() -> None:
    assert distances(ruleset(*LEVELS, kind="flag"), SCHEMA, AS_OF) == {}


def test_a_variant_asks_what_it_asks() -> None:
    special = (VariantRule("(kind ?? '') == 'west'", "n >= 6"), VariantRule("paid / n > 900", "n >= 8"))
    found = ruleset(level("up", "n >= 10", *special, VariantRule("", "n >= 10")), level("down", None))
    rows = [ROW | {"kind": "west"}, ROW | {"n": 5}, ROW | {"n": 9}, ROW | {"n": 0}]
    wants = [[each["wants"] for each in one["missing"]] for one in told(found, frame(rows))]
    assert wants == [[">= 6"], [">= 8"], [">= 10"], ["paid / n > 900"]]


def test_nobody_is_no_problem() -> None:
    assert told(tier("n >= 5"), frame([ROW]).clear()) == []


# Every clause names a feature of its own, so that all of them can be met.
NAMES = [f"x{number}" for number in range(6)]
NUMBERS = {
    name: FeatureType("decimal", scale=1) if place % 2 else FeatureType("integer") for place, name in enumerate(NAMES)
}
OPERATORS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}
Tree = tuple[Any, ...]
clauses = st.tuples(st.sampled_from(sorted(OPERATORS)), st.integers(-3, 3))
shapes: st.SearchStrategy[Any] = st.recursive(
    clauses,
    lambda part: st.tuples(st.sampled_from(["and", "or"]), part, part) | st.tuples(st.just("not"), part),
    max_leaves=6,
)
rows_of_numbers = st.lists(
    st.fixed_dictionaries({name: st.integers(-40, 40) for name in NAMES}), min_size=1, max_size=8
)


def written(shape: Any, names: list[str]) -> str:
    match shape:
        case ("not", part):
            return f"not ({written(part, names)})"
        case ("and" | "or" as joined, left, right):
            return f"({written(left, names)}) {joined} ({written(right, names)})"
    said, bound = shape
    return f"{names.pop()} {said} {bound}"


def fewest(shape: Any, names: list[str], row: Mapping[str, Decimal], *, wanted: bool) -> int:
    """The oracle: how many clauses must change at least."""
    match shape:
        case ("not", part):
            return fewest(part, names, row, wanted=not wanted)
        case ("and" | "or" as joined, left, right):
            both = [fewest(part, names, row, wanted=wanted) for part in (left, right)]
            return sum(both) if (joined == "and") is wanted else min(both)
    said, bound = shape
    return int(OPERATORS[said](row[names.pop()], bound) is not wanted)


def moved(row: Mapping[str, Decimal], found: dict[str, Any]) -> dict[str, Decimal]:
    """The row with every amount that lacks made up for; what must be anything else is raised by one."""
    changed = dict(row)
    for each in found["missing"]:
        name = each["feature"]
        said, bound = each["wants"].split()
        less = said in {"<", "<="} or (said == "==" and changed[name] > Decimal(bound))
        amount = Decimal(1) if each["lacks"] is None else Decimal(str(each["lacks"]))
        changed[name] += -amount if less else amount
    return changed


@settings(max_examples=300)
@given(shape=shapes, rows=rows_of_numbers)
def test_making_up_for_all_that_lacks_meets_the_condition(shape: Any, rows: list[dict[str, int]]) -> None:
    found = tier(written(shape, list(NAMES)))
    major = [{name: Decimal(row[name]).scaleb(-NUMBERS[name].scale) for name in NAMES} for row in rows]
    lacking = told(found, frame(rows, NUMBERS))
    assert [len(each["missing"]) for each in lacking] == [fewest(shape, list(NAMES), row, wanted=True) for row in major]
    made_up = [moved(row, each) for row, each in zip(major, lacking, strict=True)]
    stored = [{name: int(row[name].scaleb(NUMBERS[name].scale)) for name in NAMES} for row in made_up]
    assert [each["missing"] for each in told(found, frame(stored, NUMBERS))] == [[] for _ in rows]
