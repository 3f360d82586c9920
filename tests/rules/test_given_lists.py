"""Lists as people write them in examples."""

from decimal import Decimal

import pytest

from kehu.model.feature_types import FeatureType
from kehu.model.yaml_nodes import Mapping, Scalar, read_yaml
from kehu.rules.given_lists import read_list
from kehu.rules.shapes import Shapes


def read_value(_name: str, value: Scalar, kind: FeatureType, _shapes: Shapes) -> object:
    return int(Decimal(value.text)) if kind.kind == "integer" else value.text


@pytest.mark.parametrize(
    ("_case", "text", "kind", "expected"),
    [
        ("texts in order, each once", "[sea, air, sea]", FeatureType("strings"), ["air", "sea"]),
        ("numbers in order", "[10, 9]", FeatureType("integers"), [9, 10]),
        ("nothing", "[]", FeatureType("strings"), []),
    ],
)
def test_a_list_is_read_as_it_is_computed(_case: str, text: str, kind: FeatureType, expected: list[object]) -> None:
    shapes = Shapes()
    root, _ = read_yaml(f"list: {text}", "rules.yaml")
    assert isinstance(root, Mapping)
    assert read_list("list", root.entries["list"], kind, shapes, read_value) == expected
    assert shapes.problems == []


@pytest.mark.parametrize("text", ["air", "[[air]]", "{a: b}"])
def test_what_is_no_list_is_told(text: str) -> None:
    shapes = Shapes()
    root, _ = read_yaml(f"list: {text}", "rules.yaml")
    assert isinstance(root, Mapping)
    assert read_list("list", root.entries["list"], FeatureType("strings"), shapes, read_value) == []
    assert [str(problem) for problem in shapes.problems] == [
        "rules.yaml:1:7: error[example-value]: 'list' must be a list (such as list: [a, b], or [])"
    ]
