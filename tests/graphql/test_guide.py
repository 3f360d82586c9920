"""The developer's guide: its queries give the answers it shows, and it names every code."""

import json
import re
from pathlib import Path

import httpx
import pytest

from kehu_graphql import failures
from kehu_graphql.endpoint import MAX_BODY_BYTES
from kehu_graphql.limits import (
    MAX_ALIASES,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    MAX_NODES,
    MAX_REPEATS,
    MAX_ROOT_FIELDS,
    MAX_TOKENS,
)
from kehu_graphql.variables import MAX_VARIABLE_VALUES

GUIDE = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text(encoding="utf-8")
PARTS = re.findall(r"^## ([^\n]+)|```graphql\n(.*?)```\n```json\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)


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


def test_the_guide_has_its_examples() -> None:
    assert len(_examples()) == 15


def test_the_guide_explains_every_error_code() -> None:
    codes = [value for name, value in vars(failures).items() if name.isupper() and isinstance(value, str)]
    assert [code for code in codes if f"`{code}`" not in GUIDE] == []


def test_the_guide_names_the_limits() -> None:
    limits = (
        f"Limits: {MAX_CHARACTERS:,} characters (long values belong into variables), "
        f"{MAX_TOKENS:,} tokens, {MAX_DEPTH} levels of fields, {MAX_ALIASES} aliases, {MAX_ROOT_FIELDS} root fields, "
        f"{MAX_DIRECTIVES} directives, {MAX_REPEATS} fields of one name side by side, "
        f"a body of {MAX_BODY_BYTES // 1_000_000} MB, {MAX_VARIABLE_VALUES:,} values in variables, "
        f"and {MAX_NODES:,} nodes"
    )
    assert limits in " ".join(GUIDE.split())
