"""Names to pinyin: each way of reading a row."""

import polars as pl
import pytest

from kehu.identity.names import search_text
from kehu.identity.pinyin import pinyin_text


@pytest.mark.parametrize(
    ("_case", "name", "expected"),
    [
        ("plain characters", "顺达物流", "shundawuliu sdwl"),
        ("traditional characters", "順達物流", "shundawuliu sdwl"),
        ("a phrase read otherwise than its characters", "重庆", "chongqing cq"),
        ("the longest phrase", "长安银行", "changanyinhang cayh"),
        ("a character alone", "重工", "zhonggong zg"),
        ("ü", "绿地旅行", "lvdilvxing ldlx"),
        ("letters and digits between", "ＡＢ顺达3厂", "abshunda3chang absd3c"),
        ("brackets and spaces", "顺达 （上海）", "shundashanghai sdsh"),
        ("no Chinese character", "Erie House", None),
        ("nothing", "", None),
    ],
)
def test_a_name_spelt(_case: str, name: str, expected: str | None) -> None:
    assert pinyin_text(search_text(pl.Series([name]))).to_list() == [expected]


def test_names_in_bulk_are_names_one_by_one() -> None:
    names = ["重庆", "庆重", None, "单县", "Erie", "重庆", "厦门大厦", "行长的行"]
    alone = [pinyin_text(pl.Series([name], dtype=pl.String))[0] for name in names]
    assert pinyin_text(pl.Series(names)).to_list() == alone
