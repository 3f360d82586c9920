"""Customers found by the pinyin of their names."""

from typing import Any

import pytest
from sqlalchemy import text

from kehu.pipeline.loading import load

FOUND = "query($text: String!) { customers(where: {text: $text}) { nodes { name } } }"


@pytest.mark.parametrize("typed", ["taiyimaoyi", "tai yi mao", "TaiYiMao", "tymy"])
def test_a_name_is_found_by(office_anywhere: Any, typed: str) -> None:
    assert office_anywhere.ask(FOUND, text=typed)["nodes"] == [{"name": "上海泰亿贸易有限公司"}]


def test_after_an_upgrade_the_next_load_spells_names(office_anywhere: Any) -> None:
    with office_anywhere.engine.begin() as connection:
        connection.execute(text("UPDATE customers SET name_pinyin = NULL"))
        # As the migration that added the column leaves it.
        connection.execute(text("DELETE FROM identity_state"))
    assert office_anywhere.ask(FOUND, text="taiyimaoyi")["nodes"] == []
    untold = lambda _what, _rows: None  # noqa: E731
    load(office_anywhere.workspace, office_anywhere.engine, [], clock=office_anywhere.clock, progress=untold)
    assert office_anywhere.ask(FOUND, text="taiyimaoyi")["nodes"] == [{"name": "上海泰亿贸易有限公司"}]
