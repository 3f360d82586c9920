"""A screen of customers as front-ends build it, with the clients they build it with."""

from collections.abc import Callable
from typing import Any

import pytest

FIRST_PAGE = ["Alpha Ltd", "Beta Ltd", "Gamma Ltd", "上海泰亿贸易有限公司"]
SECOND_PAGE = ["上海顺达物流", "上海顺达物流有限公司", "小王商店", "泰亿商行"]


@pytest.mark.parametrize(("_case", "script"), [("Apollo Client", "apollo.mjs"), ("urql", "urql.mjs")])
def test_pages_changes_and_refusals(node: Callable[..., Any], address: str, _case: str, script: str) -> None:
    assert node(script, address) == {
        "firstPage": FIRST_PAGE,
        "twoPages": FIRST_PAGE + SECOND_PAGE,
        "totalCount": 10,
        "hasNextPage": True,
        "done": [],
        # The change's answer alone brought the list up to date: two requests, one for each change.
        "cachedById": ["Beta Ltd", "天津"],
        "inTheList": "天津",
        "requestsAfterPages": 2,
        "refused": [["UNKNOWN_FIELD", "input.field", "a customer has no value 'regoin'", "did you mean 'region'?"]],
        "failure": [
            ["BAD_USER_INPUT", "'first: 500' is out of range; ask for 0 to 200 and page on with cursors"],
        ],
    }
