"""Whom a condition takes, tried against the interpreter on random conditions and rows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.boxes import NOBODY, Boxes, TooManyBoxesError
from kehu.rules.extents import Extent, Measure
from kehu.rules.gauges import Gauge
from kehu.rules.interpreter import Interpreter, engine_context
from kehu.rules.regions import compared
from kehu.rules.trees import parse

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA: Schema = {
    "n": FeatureType("integer"),
    "d": FeatureType("decimal", nullable=True, scale=2),
    "f": FeatureType("float"),
    "k": FeatureType("string", words=("a", "b", "c")),
    "s": FeatureType("string", nullable=True),
    "b": FeatureType("boolean"),
}
NUMBERS = st.sampled_from(["0", "1", "2", "2.5", "3", "-1", "1.01", "1.005"])
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
CLAUSES = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["n", "f", "(d ?? 0)", "(d ?? 2.5)"]), SIGNS, NUMBERS),
    st.builds("{1} {2} {0}".format, st.sampled_from(["n", "f"]), NUMBERS, SIGNS),
    st.builds("n {} [1, {}]".format, st.sampled_from(["in", "not in"]), NUMBERS),
    st.builds("d {} null".format, st.sampled_from(["==", "!="])),
    st.builds("d {} {}".format, st.sampled_from(["==", "!="]), NUMBERS),
    st.builds("k {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from("abc")),
    st.builds("k {} ['a', '{}']".format, st.sampled_from(["in", "not in"]), st.sampled_from("abc")),
    st.builds("s {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from("xy")),
    st.sampled_from(
        ["b", "b == true", "b != true", "s == null", "k < 'b'", "n % 2 == 1", "1 / n > 0", "n < f", "k =~ 'a'"]
    ),
)
CONDITIONS = st.recursive(
    CLAUSES,
    lambda part: st.one_of(
        st.builds("({} {} {})".format, part, st.sampled_from(["and", "or"]), part),
        st.builds("(not {})".format, part),
        st.builds("({} ? {} : {})".format, part, part, part),
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "n": st.sampled_from([Decimal(number) for number in (-1, 0, 1, 2, 3, 4)]),
        "d": st.sampled_from([None, *(Decimal(number) for number in ("-1", "0", "1", "1.01", "1.02", "2.5", "3"))]),
        "f": st.sampled_from([-1.0, 0.0, 1.0, 1.005, 2.5, 3.0, 1e300]),
        "k": st.sampled_from("abc"),
        "s": st.sampled_from([None, "x", "y", "z"]),
        "b": st.booleans(),
    }
)


def holds(boxes: Boxes, row: dict[str, object]) -> bool:
    """Whether the customer is in one of the boxes."""
    return any(all(not (region & at(name, row[name])).is_empty for name, region in box.items()) for box in boxes)


def at(name: str, value: object) -> Any:
    """The one value."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return compared("eq", exact, SCHEMA[name])


def extent_of(condition: str, gauges: dict[str, Gauge] | None = None) -> tuple[Extent, Any]:
    """Whom the condition takes, and its tree."""
    parsed = parse(condition, engine_context(SCHEMA, AS_OF))
    assert parsed.faults == []
    return Measure(SCHEMA, gauges or {}).extent(parsed.root), parsed.root


@settings(max_examples=600)
@given(CONDITIONS, st.lists(ROWS, min_size=8, max_size=8))
def test_what_is_said_is_certain(condition: str, rows: list[dict[str, object]]) -> None:
    try:
        extent, root = extent_of(condition)
    except TooManyBoxesError:
        return
    for row in rows:
        matches = Interpreter(root).outcome(row) is True
        assert matches <= holds(extent.most, row)
        assert holds(extent.surely, row) <= matches
        if extent.plain:
            assert matches == holds(extent.most, row) == holds(extent.surely, row)


@pytest.mark.parametrize(
    ("condition", "nobody"),
    [
        ("n > 5 and n < 3", True),
        ("n > 5 and n < 6", True),
        ("f > 5 and f < 6", False),
        ("n >= 5 and n <= 5", False),
        ("n == 2.5", True),
        ("(d ?? 0) > 1.01 and (d ?? 0) < 1.02", True),
        ("(d ?? 0) > 1 and d == null", True),
        ("(d ?? 2) > 1 and d == null", False),
        ("k == 'a' and k == 'b'", True),
        ("k != 'a' and k != 'b' and k != 'c'", True),
        ("s != 'x' and s != 'y'", False),
        ("b and not b", True),
        ("n < 0", True),
        ("n < f and n > 5 and n < 3", True),
        ("n < f", False),
    ],
)
def test_a_condition_that_nobody_can_meet_is_known(condition: str, nobody: bool) -> None:  # noqa: FBT001
    assert (extent_of(condition, {"n": Gauge(least=Decimal(0))})[0].most == NOBODY) is nobody


def test_a_condition_of_too_many_parts_is_given_up() -> None:
    sides = [" or ".join(f"{name} == {number}" for number in range(30)) for name in ("n", "f")]
    with pytest.raises(TooManyBoxesError):
        extent_of(f"({sides[0]}) and ({sides[1]})")


def test_a_long_list_is_one_part() -> None:
    listed = ", ".join(str(number) for number in range(3000))
    (box,) = extent_of(f"n in [{listed}]")[0].most
    assert len(box["n"].spans) == 3000
