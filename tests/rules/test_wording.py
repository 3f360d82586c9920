"""Lists as people read them."""

from decimal import Decimal

import polars as pl

from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.rules.reasons import _filled, _json
from kehu.rules.wording import worded

SCHEMA = {"services": FeatureType("strings"), "sizes": FeatureType("integers")}
FRAME = pl.DataFrame(
    {"services": [["air", "sea"], []], "sizes": [[9, 10], []]},
    schema={name: POLARS_TYPES[kind.kind] for name, kind in SCHEMA.items()},
)


def test_a_list_is_worded_item_by_item() -> None:
    assert worded(("air", "sea")) == "['air', 'sea']"
    assert worded((Decimal(9), Decimal(1000))) == "[9, 1,000]"


def test_a_reason_lists_the_items() -> None:
    texts = FRAME.select(reason=_filled("uses {services}, {sizes} pieces", SCHEMA))["reason"]
    assert texts.to_list() == ["uses air, sea, 9, 10 pieces", "uses ,  pieces"]


def test_a_reason_keeps_the_values_as_lists() -> None:
    kept = FRAME.select(reason=_json("services.length > 1", ["services", "sizes"], SCHEMA))["reason"]
    assert kept[0] == '{"when":"services.length > 1","features":{"services":["air","sea"],"sizes":[9,10]}}'
