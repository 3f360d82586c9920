"""Groups, companies, branches and their people over GraphQL."""

from typing import Any

import pytest

from kehu.pipeline.loading import load
from kehu.workspace.workspace import open_workspace

SOURCE = """
source: groups
format: csv
files: data/groups.csv
key: no
records:
  - customer: {name: name, parent: {key: part_of}, employer: {key: works_at}}
"""
ROWS = """no,name,part_of,works_at
G,Globe Group,,
A,Acme Ltd,G,
B,Acme North,A,
D,Acme South,A,
P,Wang Li,,A
X,Lone Ltd,X,
Y,Lost Ltd,Z,
"""
ONE = "{ parent { customer { name } system key } parentsAbove { name } employer { customer { name } key } }"


@pytest.fixture
def family(office_anywhere: Any) -> Any:
    """The office with a group of four and two claims that cannot be."""
    root = office_anywhere.workspace.root
    (root / "sources" / "groups.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "data" / "groups.csv").write_text(ROWS, encoding="utf-8")
    url = office_anywhere.workspace.settings.database_url
    load(
        open_workspace(root, {"KEHU_DATABASE_URL": url}),
        office_anywhere.engine,
        ["groups"],
        clock=office_anywhere.clock,
        progress=lambda _what, _rows: None,
    )
    return office_anywhere


@pytest.mark.parametrize(
    ("_case", "name", "expected"),
    [
        (
            "a branch has its company and above that the group",
            "Acme North",
            {
                "parent": {"customer": {"name": "Acme Ltd"}, "system": "groups", "key": "B"},
                "parentsAbove": [{"name": "Acme Ltd"}, {"name": "Globe Group"}],
                "employer": None,
            },
        ),
        (
            "a person has an employer",
            "Wang Li",
            {"parent": None, "parentsAbove": [], "employer": {"customer": {"name": "Acme Ltd"}, "key": "P"}},
        ),
        ("a group has nobody above", "Globe Group", {"parent": None, "parentsAbove": [], "employer": None}),
        ("nobody is part of itself", "Lone Ltd", {"parent": None, "parentsAbove": [], "employer": None}),
    ],
)
def test_who_is_above(family: Any, _case: str, name: str, expected: dict[str, Any]) -> None:
    found = family.ask(f'{{ customers(where: {{name: {{eq: "{name}"}}}}) {{ nodes {ONE} }} }}')
    assert found == {"nodes": [expected]}


def test_who_is_below_is_paged(family: Any) -> None:
    query = """query($after: String) { customers(where: {name: {eq: "Acme Ltd"}}) { nodes {
      children(first: 1, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { key customer { name } } }
      people { nodes { customer { name } } }
    } } }"""
    (first,) = family.ask(query)["nodes"]
    cursor = first["children"]["pageInfo"]["endCursor"]
    (second,) = family.ask(query, after=cursor)["nodes"]
    assert first["people"] == {"nodes": [{"customer": {"name": "Wang Li"}}]}
    shown = [(page["children"]["totalCount"], page["children"]["pageInfo"]["hasNextPage"]) for page in (first, second)]
    assert shown == [(2, True), (2, False)]
    nodes = [node for page in (first, second) for node in page["children"]["nodes"]]
    assert sorted((node["key"], node["customer"]["name"]) for node in nodes) == [
        ("B", "Acme North"),
        ("D", "Acme South"),
    ]


def test_claims_that_cannot_be_say_why(family: Any) -> None:
    query = "{ refusedTies { totalCount nodes { kind named system key reason label(locale: ZH) customer { name } } } }"
    said = {"kind": "parent", "system": "groups"}
    assert family.ask(query) == {
        "totalCount": 2,
        "nodes": [
            {
                **said,
                "key": "X",
                "named": "groups:X",
                "reason": "itself",
                "label": "指向客户自身",
                "customer": {"name": "Lone Ltd"},
            },
            {
                **said,
                "key": "Y",
                "named": "groups:Z",
                "reason": "unknown",
                "label": "没有这样的客户",
                "customer": {"name": "Lost Ltd"},
            },
        ],
    }
