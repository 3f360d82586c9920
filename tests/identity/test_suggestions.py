"""Suggestions: every candidate is compared, however many pieces they are compared in."""

import polars as pl

from kehu.identity.resolve import normalised
from kehu.identity.rules import PLAIN_RULES
from kehu.identity.suggestions import suggested

NAMES, BEARERS = 150, 40


def test_pairs_of_more_than_one_piece_are_each_compared_once() -> None:
    owners = [(name, bearer) for name in range(NAMES) for bearer in range(BEARERS)]
    texts = {
        "name": [f"客户{name:03d}" for name, _ in owners],
        "phone": [f"139{name:04d}{bearer:04d}" for name, bearer in owners],
        "uid": [f"{name}-{bearer}" for name, bearer in owners],
    }
    nothing = {column: [None] * len(owners) for column in ("phone_2", "email", "tax_code", "address", "city")}
    schema = dict.fromkeys([*texts, *nothing], pl.String())
    records = pl.DataFrame({**texts, **nothing}, schema=schema).with_row_index("id").cast({"id": pl.Int64})
    pairs = suggested(normalised(records, "CN"), PLAIN_RULES, least=0.0)
    assert len(pairs) == NAMES * BEARERS * (BEARERS - 1) // 2
    assert pairs.select("name", "phone").unique().rows() == [(3, 0)]
    assert not pairs.select("left_uid", "right_uid").is_duplicated().any()
