"""How much one document may ask for."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from kehu_graphql.limits import MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_NODES, MAX_REPEATS, MAX_ROOT_FIELDS
from kehu_graphql.node_count import count_nodes
from kehu_graphql.schema import build_schema

Ask = Callable[..., dict[str, Any]]
SCHEMA = build_schema().core


@pytest.mark.parametrize(
    ("_case", "query", "expected"),
    [
        ("no list", '{ customer(id: "x") { name owner { name } } }', 0),
        ("a page of the usual size", "{ customers { totalCount } }", 20),
        ("a page", "{ customers(first: 5) { nodes { name } } }", 5),
        ("a page from behind", "{ customers(last: 7) { nodes { name } } }", 7),
        ("pages within a page", "{ customers(first: 5) { nodes { shipments(first: 3) { nodes { id } } } } }", 20),
        (
            "edges and nodes both count",
            "{ customers(first: 5) { nodes { visits(first: 1) { id } } edges { node { visits(first: 2) { id } } } } }",
            20,
        ),
        ("a short list", "{ ruleSets { levels { code } } }", 110),
        ("a list of ids", '{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        (
            "a fragment on an interface",
            '{ node(id: "a") { ... on Customer { contacts(first: 4) { totalCount } } } }',
            4,
        ),
        (
            "a named fragment, each time",
            "{ a: runs(first: 2) { nodes { ...F } } b: runs(first: 3) { nodes { ...F } } } fragment F on Run { id }",
            5,
        ),
        ("more than may be asked for", "{ customers(first: 100000) { nodes { name } } }", 200),
        ("less than nothing", "{ customers(first: -1) { nodes { name } } }", 0),
        ("introspection", "{ __schema { types { fields { name } } } }", 0),
    ],
)
def test_nodes_are_the_product_of_page_sizes(_case: str, query: str, expected: int) -> None:
    assert count_nodes(SCHEMA, parse(query), None, {}) == expected


@pytest.mark.parametrize(
    ("_case", "variables", "expected"),
    [
        ("given", {"n": 9}, 9),
        ("left out: the default", {}, 6),
        ("null: the usual size", {"n": None}, 20),
        ("no number: counted as the most", {"n": "many"}, 200),
    ],
)
def test_page_sizes_in_variables_count(_case: str, variables: dict[str, Any], expected: int) -> None:
    document = parse("query A { __typename } query B($n: Int = 6) { customers(first: $n) { nodes { name } } }")
    assert count_nodes(SCHEMA, document, "B", variables) == expected
    assert count_nodes(SCHEMA, document, "A", variables) == 0


# Each repeats: a complaint's customer's complaints.
_STEPS = ("customer", "complaints(first: 1)", "nodes")


def _deep(levels: int) -> str:
    """A query with so many levels of fields that brings hardly any nodes."""
    path = ["complaintsByRank(first: 1)", "nodes", "complaint", *_STEPS * levels][: levels - 1]
    last = {"nodes": "id", "customer": "id", "complaint": "id"}.get(path[-1], "totalCount")
    return " { ".join([*path, last]) + " }" * (levels - 1)


@pytest.mark.parametrize(
    ("_case", "allowed", "refused_query", "message"),
    [
        (
            "levels of fields",
            f"{{ {_deep(MAX_DEPTH)} }}",
            f"{{ {_deep(MAX_DEPTH + 1)} }}",
            "the query has 16 levels of fields; at most 15 are taken, split it",
        ),
        (
            "levels of fields in fragments",
            "{ ...A } fragment A on Query { __typename }",
            f"{{ ...A }} fragment A on Query {{ ...B }} fragment B on Query {{ {_deep(MAX_DEPTH + 1)} }}",
            "the query has 16 levels of fields; at most 15 are taken, split it",
        ),
        (
            "aliases",
            f"{{ publishedRun {{ {' '.join(f'a{n}: asOf' for n in range(MAX_ALIASES))} }} }}",
            f"{{ publishedRun {{ {' '.join(f'a{n}: asOf' for n in range(MAX_ALIASES + 1))} }} }}",
            "the query has 51 aliases; at most 50 are taken, split it",
        ),
        (
            "root fields",
            f"{{ {' '.join(['__typename'] * MAX_ROOT_FIELDS)} }}",
            f"{{ __schema {{ __typename }} {' '.join(['__typename'] * MAX_ROOT_FIELDS)} }}",
            "the query has 31 root fields; at most 30 are taken, split it",
        ),
        (
            "directives",
            f"{{ {' '.join(['... @skip(if: false) { __typename }'] * MAX_DIRECTIVES)} }}",
            f"{{ publishedRun {{ {' '.join(f'a{n}: asOf @skip(if: false)' for n in range(MAX_DIRECTIVES + 1))} }} }}",
            "the query has 31 directives; at most 30 are taken, split it",
        ),
        (
            "fields of one name",
            f"{{ publishedRun {{ {'asOf ' * MAX_REPEATS} }} }}",
            f"{{ publishedRun {{ {'asOf ' * (MAX_REPEATS + 1)} }} }}",
            "the query has 31 fields of one name side by side; at most 30 are taken, split it",
        ),
    ],
)
def test_the_form_is_limited(
    ask: Ask, refused: Ask, _case: str, allowed: str, refused_query: str, message: str
) -> None:
    ask(allowed)
    error = refused(refused_query)
    assert (error["message"], error["extensions"]) == (message, {"code": "LIMIT_EXCEEDED"})


def test_nodes_are_limited_before_anything_is_read(ask: Ask, refused: Ask) -> None:
    query = "query($n: Int!) { customers(first: 200) { nodes { shipments(first: $n) { nodes { shipper { uid } } } } } }"
    assert len(ask(query, n=100)["customers"]["nodes"]) == 12
    inner = "shipments(first: 200) { nodes { payer { visits { totalCount } } } }"
    wide = f"query($n: Int!) {{ customers(first: $n) {{ nodes {{ {inner} }} }} }}"
    error = refused(wide, n=200)
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "nodes": 200 + 200 * 200 + 200 * 200 * 20}
    assert error["message"].startswith(
        f"the query may bring 840,200 nodes, the product of its page sizes; at most {MAX_NODES:,}"
    )


@pytest.mark.parametrize(
    ("_case", "query", "code"),
    [
        ("many tokens", "{ " + "a " * 2000 + "}", "LIMIT_EXCEEDED"),
        ("deep nesting", "{ a " * 600 + "}" * 600, "LIMIT_EXCEEDED"),
        (
            "fragments in a circle",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
def test_hostile_documents_are_refused(refused: Ask, _case: str, query: str, code: str) -> None:
    assert refused(query)["extensions"]["code"] == code


def test_the_tools_introspection_query_is_within_the_limits(ask: Ask) -> None:
    assert ask(get_introspection_query())["__schema"]["queryType"]["name"] == "Query"
