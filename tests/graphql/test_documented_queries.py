"""Every query that the docs and the query page show can run: valid, and within the limits, by a wide margin."""

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, specified_rules, validate

from kehu_graphql.limits import LIMIT_RULES, MAX_NODES
from kehu_graphql.node_count import count_nodes
from kehu_graphql.schema import build_schema

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGE_EXAMPLES = ROOT / "graphql" / "kehu_graphql" / "ide" / "static" / "examples.graphql"


def _shown() -> list[tuple[str, str]]:
    found = [
        (f"{page.name} {number}", text)
        for page in PAGES
        for number, text in enumerate(re.findall(r"```graphql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    ]
    return [*found, ("the query page", PAGE_EXAMPLES.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("_where", "text"), _shown())
def test_a_documented_query_stays_within_the_limits(_where: str, text: str) -> None:
    schema, document = build_schema().core, parse(text)
    assert validate(schema, document, [*specified_rules, *LIMIT_RULES]) == []
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    names = [node.name.value if node.name else None for node in operations]
    assert max(count_nodes(schema, document, name, {}) for name in names) <= MAX_NODES / 10
