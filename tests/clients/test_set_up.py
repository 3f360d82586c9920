"""What docs/clients.md tells front-ends to set up: the files of set_up/ as they stand, under a customer's file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kehu_graphql.snapshot import SNAPSHOT

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "clients.md").read_text(encoding="utf-8")
MISSPELT = ["BAD_WORD", "input.severity", "'hihg' is no severity", "did you mean 'high'?"]


@pytest.mark.parametrize("name", ["apollo.ts", "resumed.ts"])
def test_the_page_has_what_is_tested(name: str) -> None:
    assert f"```ts\n{(HERE / 'set_up' / name).read_text(encoding='utf-8')}```\n" in PAGE


def test_a_file_with_pages_and_changes_is_kept_whole(node: Callable[..., Any], address: str) -> None:
    assert node("file.mjs", address, str(SNAPSHOT)) == {
        "timeline": 4,
        "keptBesideAnother": True,
        # Refused, tried and done; only what was done is in the customer's list, by its answer alone.
        "recorded": [[[MISSPELT], 0, []], [[], 0, []], [[], 1, ["damage"]]],
        "requests": 3,
        "complaints": [],
    }
