"""A server with production settings under the checks that graphql-cop publishes: none finds anything.

Twelve are named by its README (https://github.com/dolevf/graphql-cop), each by its name here; "circular fragments" and
"unhandled errors" are in its source alone.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

Send = Callable[[httpx.Client], httpx.Response]
CIRCULAR = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def hidden(carrier: Engine, serving: Callable[..., AbstractContextManager[httpx.Client]]) -> Iterator[httpx.Client]:
    """The carrier behind a server that hides its schema."""
    with serving(carrier, discovery=False) as client:
        yield client


def post(query: str) -> Send:
    return lambda client: client.post("/graphql", json={"query": query})


CIRCLE = "query { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }"
CHECKS: list[tuple[str, Send]] = [
    ("alias overloading", post("{ " + " ".join(f"a{n}: __typename" for n in range(101)) + " }")),
    ("batch queries", lambda client: client.post("/graphql", json=[{"query": "{ __typename }"}] * 10)),
    ("get based queries", lambda client: client.get("/graphql", params={"query": "{ __typename }"})),
    ("get based mutations", lambda client: client.get("/graphql", params={"query": "mutation { __typename }"})),
    ("urlencoded post", lambda client: client.post("/graphql", content="query={__typename}", headers=FORM)),
    ("urlencoded post, in the address", lambda client: client.post("/graphql", params={"query": "{ __typename }"})),
    ("field duplication", post("{ " + "__typename " * 500 + "}")),
    ("field duplication below the root", post("{ publishedRun { " + "number " * 500 + "} }")),
    ("introspection", post("{ __schema { types { name } } }")),
    ("introspection of one type", post('{ __type(name: "Query") { name } }')),
    ("directives overloading", post("{ __typename " + "@aa" * 10 + " }")),
    ("directives overloading with known ones", post("{ __typename " + "@include(if: true) " * 31 + " }")),
    ("circular query using introspection", post(CIRCULAR)),
    ("circular fragments", post(CIRCLE)),
    ("unhandled errors", post("qwerty cop { abc }")),
]


@pytest.mark.parametrize(("_case", "send"), CHECKS)
def test_what_a_scan_sends_is_refused(hidden: httpx.Client, _case: str, send: Send) -> None:
    answer = send(hidden).json()
    assert "data" not in answer
    assert answer["errors"]


@pytest.mark.parametrize(
    ("_case", "query"),
    [
        ("as the scan asks", "{ __schema { directive } }"),
        ("a field that is none", "{ customerz { totalCount } }"),
        ("an argument that is none", "{ customers(fist: 1) { totalCount } }"),
        ("a type that is none", "query($a: Customers) { __typename }"),
        ("a field without fields", "{ customers }"),
    ],
)
def test_field_suggestions_are_not_made(hidden: httpx.Client, client: httpx.Client, _case: str, query: str) -> None:
    def messages(asked: httpx.Client) -> str:
        errors: list[dict[str, Any]] = post(query)(asked).json()["errors"]
        return " ".join(error["message"] for error in errors)

    assert "Did you mean" in messages(client)
    assert "Did you mean" not in messages(hidden)


@pytest.mark.parametrize("path", ["/graphql", "/graphiql", "/playground", "/console", "/"])
def test_graphiql_is_not_shown(hidden: httpx.Client, path: str) -> None:
    response = hidden.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert response.status_code in {400, 404, 405}
    assert "html" not in response.headers["content-type"]


def test_tracing_is_not_on(hidden: httpx.Client) -> None:
    answer = hidden.post("/graphql", json={"query": "{ __typename }"}, headers={"x-apollo-tracing": "1"})
    assert answer.json() == {"data": {"__typename": "Query"}}


def test_a_form_of_an_error_tells_nothing_of_the_server(hidden: httpx.Client) -> None:
    text = post("{ __typename ")(hidden).text
    assert [word for word in ("Traceback", "stack", ".py", "exception") if word in text] == []


def test_queries_are_answered_as_ever(hidden: httpx.Client) -> None:
    assert post("{ publishedRun { number } }")(hidden).json() == {"data": {"publishedRun": {"number": 2}}}
