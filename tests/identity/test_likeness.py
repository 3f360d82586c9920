"""Which names beside one phone or address can be one customer's."""

import polars as pl
import pytest

from kehu.identity.likeness import likeness, with_name_parts, with_slips
from kehu.identity.names import name_keys


def alike(left: str, right: str) -> float:
    """How alike two names are, whichever comes first."""
    names = pl.DataFrame({"name": [left, right]})
    sides = with_name_parts(names.with_columns(name_keys(names["name"]).alias("name_key")), {"school", "center", "the"})
    left_side, right_side = (
        sides[row].rename({name: f"{side}_{name}" for name in sides.columns}) for row, side in enumerate("lr")
    )
    pair = pl.concat([left_side, right_side], how="horizontal")
    there, back = with_slips(pair, "l_", "r_").select(there=likeness("l_", "r_"), back=likeness("r_", "l_")).row(0)
    assert there == back
    return float(there)


@pytest.mark.parametrize(
    ("_case", "left", "right", "expected"),
    [
        ("equal but for the legal form", "顺达物流有限公司", "顺达物流", 1.0),
        ("without its city", "昆明市通捷印刷有限公司", "通捷印刷", 1.0),
        ("with its owner in brackets", "济南盛通水果店", "济南盛通水果店(魏玉明)", 1.0),
        ("a character missing", "南京泰亿花店", "南京泰花店", 1.0),
        ("two characters swapped", "天津市地捷照明有限公司", "天津市捷地照明有限公司", 1.0),
        ("a character wrong", "深圳图万水果店", "深圳图方水果店", 1.0),
        ("two characters wrong", "深圳图万水果店", "深圳天方水果店", 0.0),
        ("a surname with a title", "程先生", "程军华", 1.0),
        ("another surname with a title", "陈先生", "程军华", 0.0),
        ("a person's name with a title", "杨华辉女士", "杨华辉", 1.0),
        ("two persons of one family", "李静", "李婧", 0.0),
        ("two persons whose names differ by one", "李小静", "李大静", 0.0),
        ("a branch and its company", "上海顺达物流有限公司", "上海顺达物流有限公司苏州分公司", 0.0),
        ("all own words of the shorter", "McCutcheon", "Chicago Public Schools McCutcheon Main", 1.0),
        ("half of them", "Erie House North", "Erie Academy", 0.5),
        ("generic words alone", "The School", "School Center", 0.0),
        ("none", "Hull House", "Firman Community", 0.0),
        ("apostrophes", "Children's Place", "Childrens Place", 1.0),
        ("letters and characters", "顺达物流", "Shunda", 0.0),
    ],
)
def test_two_names_are_alike(_case: str, left: str, right: str, expected: float) -> None:
    assert alike(left, right) == expected
