"""The guide to a CRM screen: its queries are answered as it shows."""

import json
import re
from pathlib import Path

import httpx
import pytest

GUIDE = (
    (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8").partition("\n# Changing things\n")[0]
)
PARTS = re.findall(r"^##+ ([^\n]+)|```graphql\n(.*?)```\n```json\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)


def _examples() -> list[tuple[str, str, str]]:
    heading, found = "", []
    for title, query, answer in PARTS:
        heading = title or heading
        if query:
            found.append((heading, query, answer))
    return found


@pytest.mark.parametrize(("_section", "query", "answer"), _examples())
def test_the_guide_shows_true_answers(client: httpx.Client, _section: str, query: str, answer: str) -> None:
    assert client.post("/graphql", json={"query": query}).json() == json.loads(answer)


def test_the_guide_has_ten_queries() -> None:
    numbered = [section for section, _, _ in _examples() if section[0].isdigit()]
    assert [section.partition(".")[0] for section in numbered] == [str(number) for number in range(1, 11)]
