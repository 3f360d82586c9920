"""Trusted documents: by hash, by name, alone or beside free text, over HTTP and sockets."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from kehu.workspace.documents import digest_of

LIST = "query List($first: Int) { customers(first: $first) { totalCount } }"
KNOWN, UNKNOWN = digest_of(LIST), digest_of("{ customers { totalCount } }")
DOCUMENTS = {"List": LIST, KNOWN: LIST}
ANSWER = {"data": {"customers": {"totalCount": 0}}}
Serving = Callable[..., AbstractContextManager[httpx.Client]]


def hashed(digest: str, **more: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}, **more}


@pytest.fixture(params=["also", "only"])
def mode(request: pytest.FixtureRequest) -> str:
    """Both modes that take documents."""
    found: str = request.param
    return found


@pytest.fixture
def server(sqlite_database: Engine, serving: Serving, mode: str) -> Iterator[httpx.Client]:
    """A server that trusts one document."""
    with serving(sqlite_database, documents_mode=mode, documents=DOCUMENTS) as client:
        yield client


@pytest.mark.parametrize(
    ("_case", "sent"),
    [
        ("its hash", hashed(KNOWN)),
        ("its hash and its text", hashed(KNOWN, query=LIST)),
        ("its name", {"documentId": "List"}),
        ("its hash as its name", {"documentId": KNOWN}),
        ("its text", {"query": LIST}),
        (
            "its name, variables and operation",
            {"documentId": "List", "variables": {"first": 5}, "operationName": "List"},
        ),
    ],
)
def test_a_trusted_document_is_answered(server: httpx.Client, _case: str, sent: dict[str, Any]) -> None:
    # Twice, since a plan may answer what was asked before.
    assert [server.post("/graphql", json=sent).json() for _ in range(2)] == [ANSWER] * 2


def test_variables_with_too_many_values_are_refused(server: httpx.Client) -> None:
    sent = {"documentId": "List", "variables": {"many": [0] * 10_000}}
    # Before and after a plan is there.
    answers = [server.post("/graphql", json=each).status_code for each in (sent, {"documentId": "List"}, sent)]
    assert answers == [413, 200, 413]


def test_it_is_answered_by_get_too(server: httpx.Client) -> None:
    extensions = json.dumps(hashed(KNOWN)["extensions"])
    for params in ({"extensions": extensions}, {"documentId": "List"}):
        assert [server.get("/graphql", params=params).json() for _ in range(2)] == [ANSWER] * 2


@pytest.mark.parametrize(
    ("_case", "sent", "code"),
    [
        ("an unknown hash", hashed(UNKNOWN), "PERSISTED_QUERY_NOT_FOUND"),
        ("an unknown name", {"documentId": "list"}, "PERSISTED_QUERY_NOT_FOUND"),
        ("another text's hash", hashed(UNKNOWN, query=LIST), "BAD_USER_INPUT"),
    ],
)
def test_an_unknown_document_is_refused_with_a_code(
    server: httpx.Client, _case: str, sent: dict[str, Any], code: str
) -> None:
    answer = server.post("/graphql", json=sent).json()
    assert ("data" in answer, [each["extensions"]["code"] for each in answer["errors"]]) == (False, [code])


def test_free_text_is_taken_beside_them_or_not_at_all(server: httpx.Client, mode: str) -> None:
    free = {"query": "{ customers { totalCount } }"}
    answers = [server.post("/graphql", json=free).json() for _ in range(2)]
    if mode == "also":
        assert answers == [ANSWER] * 2
    else:
        assert {each["errors"][0]["extensions"]["code"] for each in answers} == {"DOCUMENT_NOT_TRUSTED"}


def test_sockets_take_them_too(server: httpx.Client, mode: str) -> None:
    url = str(server.base_url.copy_with(scheme="ws")) + "/graphql"
    payloads = (hashed(KNOWN), hashed(UNKNOWN), {"query": "{ customers { totalCount } }"})
    told = []
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=60)
        for payload in payloads:
            socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            message = json.loads(socket.recv(timeout=60))
            told.append(message["payload"])
            if message["type"] == "next":
                socket.recv(timeout=60)
    codes = [[each["extensions"]["code"] for each in payload] for payload in told if isinstance(payload, list)]
    not_found, not_trusted = ["PERSISTED_QUERY_NOT_FOUND"], ["DOCUMENT_NOT_TRUSTED"]
    assert told[0] == ANSWER
    assert codes == ([not_found] if mode == "also" else [not_found, not_trusted])


def test_a_server_that_trusts_none_takes_free_text_alone(sqlite_database: Engine, serving: Serving) -> None:
    with serving(sqlite_database, documents=DOCUMENTS) as client:
        assert client.post("/graphql", json={"query": "{ customers { totalCount } }"}).json() == ANSWER
        assert client.post("/graphql", json={"documentId": "List"}).status_code == 400
