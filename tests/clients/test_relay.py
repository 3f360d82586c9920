"""Relay's compiler on the committed schema; what it makes of a screen is answered by the server."""

from collections.abc import Callable
from typing import Any

from kehu_graphql.snapshot import SNAPSHOT


def test_a_screen_compiles_and_is_answered(node: Callable[..., Any], address: str) -> None:
    found = node("relay.mjs", address, str(SNAPSHOT))
    assert found == {
        "artifacts": [
            "CustomersScreenCorrectMutation.graphql.js",
            "CustomersScreenPageQuery.graphql.js",
            "CustomersScreenQuery.graphql.js",
            "CustomersScreenRowQuery.graphql.js",
            "CustomersScreen_list.graphql.js",
            "CustomersScreen_row.graphql.js",
        ],
        "firstPage": ["Alpha Ltd", "Beta Ltd", "Gamma Ltd", "上海泰亿贸易有限公司"],
        "secondPage": ["上海顺达物流", "上海顺达物流有限公司", "小王商店", "泰亿商行"],
        "corrected": {"region": "天津", "userErrors": []},
        "refetched": "天津",
    }
