"""The guide to changes: made one after the other they are answered as it shows, and it knows the limits."""

import json
import re
from pathlib import Path
from typing import Any

from kehu_graphql.changing import MAX_ROWS

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
GUIDE = PAGE.partition("\n# Changing things\n")[2]
EXAMPLES = re.findall(r"```graphql\n(.*?)```\n```json\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_shows_true_answers(office: Any) -> None:
    answers = [(query, office.send(query)) for query, _ in EXAMPLES]
    assert answers == [(query, json.loads(answer)) for query, answer in EXAMPLES]


def test_every_example_has_its_answer() -> None:
    assert len(EXAMPLES) == GUIDE.count("```graphql") == 16


def test_the_guide_names_the_limit_of_rows() -> None:
    assert f"more than {MAX_ROWS};" in GUIDE
