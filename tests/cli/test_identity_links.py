"""kehu identity links: a group with its companies, branches and people, and what cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Kehu = Callable[..., tuple[int, str, str]]
SOURCE = """source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name, parent: {key: up}, employer: {code: firm}}
"""
ROWS = "no,name,up,firm\nG,顺达集团,,\nC,上海顺达,G,\nB1,浦东店,C,\nB2,虹桥店,C,\nP,李静,,C\nX,孤店,Z,\nY,自店,Y,\n"


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of one department that knows who belongs to whom, loaded."""
    toml = 'name = "w"\nphone_region = "CN"\nrules = "default"\n'
    return workspace_after({"kehu.toml": toml, "sources/crm.yaml": SOURCE, "data/crm.csv": ROWS}, ["load"])


@pytest.mark.parametrize(
    ("_case", "customer", "expected"),
    [
        ("a group", "G", {"parent": [], "employer": [], "child": ["上海顺达"], "person": []}),
        ("a company", "C", {"parent": ["顺达集团"], "employer": [], "child": ["浦东店", "虹桥店"], "person": ["李静"]}),
        ("a branch", "B1", {"parent": ["上海顺达", "顺达集团"], "employer": [], "child": [], "person": []}),
        ("a person", "P", {"parent": [], "employer": ["上海顺达"], "child": [], "person": []}),
    ],
)
def test_a_customer_tells_whom_it_belongs_to(
    _case: str, customer: str, expected: dict[str, list[str]], place: Path, kehu: Kehu
) -> None:
    code, shown, _ = kehu("identity", "links", customer, "--json", "-w", place)
    found = json.loads(shown)
    assert (code, {relation: [each["name"] for each in many] for relation, many in found.items()}) == (0, expected)


def test_no_more_are_listed_than_asked_for(place: Path, kehu: Kehu) -> None:
    found = json.loads(kehu("identity", "links", "C", "--limit", "1", "--json", "-w", place)[1])
    assert [each["name"] for each in found["child"]] == ["浦东店"]


def test_what_was_refused_is_told_with_its_reason(place: Path, kehu: Kehu) -> None:
    code, shown, _ = kehu("identity", "links", "--json", "-w", place)
    found = json.loads(shown)
    assert (code, found["parent"], found["employer"], found["refused"]) == (0, 3, 1, 2)
    told = [(each["key"], each["kind"], each["named"], each["reason"]) for each in found["refused_links"]]
    assert told == [("X", "parent", "crm:Z", "unknown"), ("Y", "parent", "crm:Y", "itself")]
    shown = kehu("identity", "links", "-w", place)[1]
    assert "nobody is known by that" in shown
    assert shown.endswith("3 parents, 1 employers, 2 claims refused\n")
