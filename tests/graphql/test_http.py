"""GraphQL over HTTP: content types, status codes, refusals, health."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import Engine
from starlette.types import Message

from kehu.model.problems import Place, Problem
from kehu.rules.directory import RuleDirectory
from kehu.store.database import newest_revision, open_database
from kehu.workspace.served import Served
from kehu_graphql.app import create_app
from kehu_graphql.endpoint import MAX_BODY_BYTES

Serving = Callable[..., AbstractContextManager[httpx.Client]]
PLAIN, STRICT, HTML = "application/json", "application/graphql-response+json", "text/html"


@pytest.mark.parametrize(
    ("_case", "accept", "expected"),
    [
        ("no preference", "*/*", PLAIN),
        ("plain", PLAIN, PLAIN),
        ("strict", STRICT, STRICT),
        ("the first of two equals", f"{STRICT}, {PLAIN}", STRICT),
        ("the first of two equals, turned", f"{PLAIN}, {STRICT}", PLAIN),
        ("the heavier", f"{PLAIN};q=0.5, {STRICT};q=0.9", STRICT),
        ("not this one", f"{PLAIN};q=0, {STRICT};q=0.1", STRICT),
        ("a type we lack", "text/csv", PLAIN),
        ("an event stream beside JSON", f"{STRICT}, {PLAIN}, text/event-stream, multipart/mixed", STRICT),
    ],
)
def test_the_answer_has_the_type_the_client_likes_best(
    client: httpx.Client, _case: str, accept: str, expected: str
) -> None:
    response = client.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": accept})
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


WIDE = "{ customers(first: 200) { nodes { shipments(first: 200) { nodes { payer { visits { totalCount } } } } } } }"
REQUEST_ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("a document that is none", {"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ("a field that is none", {"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
    (
        "a variable that does not fit",
        {"query": "query($n: Int) { customers(first: $n) { totalCount } }", "variables": {"n": "x"}},
        "BAD_USER_INPUT",
    ),
    ("a variable that is missing", {"query": "query($v: String!) { ruleSet(code: $v) { code } }"}, "BAD_USER_INPUT"),
    ("an operation that is not named", {"query": "query A { a: __typename } query B { __typename }"}, "BAD_USER_INPUT"),
    (
        "too many nodes",
        {"query": WIDE},
        "LIMIT_EXCEEDED",
    ),
]


@pytest.mark.parametrize(("_case", "body", "code"), REQUEST_ERRORS)
@pytest.mark.parametrize(("accept", "status"), [(STRICT, 400), (PLAIN, 200)])
def test_what_cannot_run_has_no_data(
    client: httpx.Client, _case: str, body: dict[str, Any], code: str, accept: str, status: int
) -> None:
    response = client.post("/graphql", json=body, headers={"accept": accept})
    answer = response.json()
    assert (response.status_code, list(answer)) == (status, ["errors"])
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


def test_an_error_in_a_field_leaves_the_rest(client: httpx.Client) -> None:
    query = '{ publishedRun { number } customerByIdentifier(value: "13912340001") { uid } }'
    response = client.post("/graphql", json={"query": query}, headers={"accept": STRICT})
    assert response.status_code == 200
    assert response.json()["data"] == {"publishedRun": {"number": 2}, "customerByIdentifier": None}


@pytest.mark.parametrize(
    ("_case", "ask", "status", "message"),
    [
        ("a body that is no JSON", lambda c: c.post("/graphql", content="{", headers={"content-type": PLAIN}), 400,
         "Unable to parse request body as JSON"),
        ("another content type", lambda c: c.post("/graphql", data={"query": "{ __typename }"}), 415,
         "send the query as JSON, with the header 'Content-Type: application/json'"),
        ("a body without an object", lambda c: c.post("/graphql", json=None, content="null",
         headers={"content-type": PLAIN}), 400, 'the body must be a JSON object: {"query": "{ ... }"}'),
        ("a body that is a text", lambda c: c.post("/graphql", json="{ __typename }"), 400,
         'the body must be a JSON object: {"query": "{ ... }"}'),
        ("an empty body", lambda c: c.post("/graphql", headers={"content-type": PLAIN}), 400,
         'the body must be a JSON object: {"query": "{ ... }"}'),
        ("an empty list", lambda c: c.post("/graphql", json=[]), 400, "Batching is not enabled"),
        ("several queries at once", lambda c: c.post("/graphql", json=[{"query": "{ __typename }"}]), 400,
         "Batching is not enabled"),
        ("no query", lambda c: c.post("/graphql", json={}), 400, "No GraphQL query found in the request"),
        ("another method", lambda c: c.put("/graphql", json={}), 405, "GraphQL only supports GET and POST requests."),
        ("a body beyond all queries", lambda c: c.post("/graphql", json={"query": " " * MAX_BODY_BYTES}), 413,
         "the request's body is larger than 1,000,000 bytes"),
        ("variables beyond all inputs", lambda c: c.post("/graphql", json={"query": "{ a }", "variables": {
            "v": [{"w": 1}] * 5_000}}), 413, "the variables hold more than 10,000 values; send them in parts"),
    ],
)  # fmt: skip
def test_requests_that_are_no_query_are_refused_in_json(
    client: httpx.Client, _case: str, ask: Callable[[httpx.Client], httpx.Response], status: int, message: str
) -> None:
    response = ask(client)
    assert (response.status_code, response.headers["content-type"]) == (status, PLAIN)
    assert response.json() == {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}


def test_queries_may_come_by_get(client: httpx.Client) -> None:
    query = "query($c: String!) { ruleSet(code: $c) { kind } }"
    # Twice, since a plan answers what was asked before.
    for _ in range(2):
        response = client.get("/graphql", params={"query": query, "variables": '{"c": "lifecycle"}'})
        assert response.json() == {"data": {"ruleSet": {"kind": "tier"}}}


def test_the_root_leads_to_graphql(client: httpx.Client) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (307, "/graphql")


def test_health_is_told_without_the_database(client: httpx.Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "up"})


def test_readiness_names_the_published_run(client: httpx.Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["publishedRun"]) == ("ready", "2")


def test_a_broken_rule_file_keeps_nobody_from_reading_and_readiness_tells_of_it(client: httpx.Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "publishedRun": "2",
        "rules": "broken, last good kept",
        "errors": 1,
        "problems": [
            (
                "rules/vip.yaml:5:50: error[unknown-feature]: unknown feature 'shipment_90d' "
                "(did you mean 'shipments_90d'?)"
            )
        ],
    }


def _directory(problem: Problem | None, count: int = 1) -> Callable[[], RuleDirectory]:
    now = datetime(2026, 2, 10, tzinfo=UTC)
    return lambda: RuleDirectory(now, problems=() if problem is None else (problem,) * count)


WRONG = Problem(Place("rules/a.yaml", 2), "bad-code", "'A' cannot be a code")


@pytest.mark.parametrize(
    ("_case", "rules", "expected"),
    [
        ("nobody looks at the files", None, {}),
        ("no problem", _directory(None), {"rules": "good"}),
        ("a warning", _directory(replace(WRONG, severity="warning")), {"rules": "good"}),
        (
            "broken from the beginning",
            _directory(WRONG),
            {"rules": "broken, none good yet", "errors": 1, "problems": [str(WRONG)]},
        ),
        (
            "more errors than anyone reads",
            _directory(WRONG, 30),
            {"rules": "broken, none good yet", "errors": 30, "problems": [str(WRONG)] * 20},
        ),
    ],
)
def test_readiness_tells_how_the_rule_files_stand(
    serving: Serving, sqlite_database: Engine, _case: str, rules: Callable[[], RuleDirectory], expected: dict[str, Any]
) -> None:
    with serving(sqlite_database, rules=rules) as client:
        response = client.get("/readyz")
    told = {key: value for key, value in response.json().items() if key in {"rules", "errors", "problems"}}
    assert (response.status_code, told) == (200, expected)


def test_introspection_answers_tools(client: httpx.Client) -> None:
    query = "{ __schema { queryType { name fields { name args { type { name ofType { name ofType { name } } } } } } } }"
    fields = client.post("/graphql", json={"query": query}).json()["data"]["__schema"]["queryType"]["fields"]
    assert "customers" in {field["name"] for field in fields}


def test_what_nobody_foresaw_is_masked_and_logged(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.sqlite3")
    with caplog.at_level(logging.ERROR, logger="kehu_graphql.failures"), serving(engine) as client:
        response = client.post("/graphql", json={"query": "{ ruleSets { code } }"})
    engine.dispose()
    error = response.json()["errors"][0]
    reference = error["extensions"]["reference"]
    assert error["extensions"] == {"code": "INTERNAL", "reference": reference}
    assert error["message"] == f"internal error; the log has more under reference {reference}"
    assert [record.message.startswith(f"reference {reference}: ") for record in caplog.records] == [True]
    assert "no such table" in caplog.text


@pytest.mark.parametrize(
    ("_case", "query"),
    [
        ("of a field", "query($x: ID = 1) { customer(id: $x) { uid } }"),
        ("of a field in a list", "query($x: Int = 1) { customers { totalCountCapped(limit: $x) { count } } }"),
        ("of a directive", "query($x: Boolean = true) { customers { nodes { uid @include(if: $x) } } }"),
    ],
)
def test_null_for_an_argument_that_takes_none_is_the_clients_mistake(
    client: httpx.Client, _case: str, query: str
) -> None:
    answers = [client.post("/graphql", json={"query": query, "variables": {"x": None}}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert [error["extensions"] for error in answers[0]["errors"]] == [{"code": "BAD_USER_INPUT"}]
    assert answers[0]["errors"][0]["message"].startswith("Argument '")


def test_a_request_that_breaks_before_any_field_is_masked_too(
    carrier: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise RuntimeError("a secret of the machine")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    asyncio.run(create_app(carrier, Served("T", lambda: datetime.now(UTC)))(scope, receive, send))
    (error,) = orjson.loads(sent[1]["body"])["errors"]
    assert (sent[0]["status"], error["extensions"]["code"]) == (500, "INTERNAL")
    assert error["message"] == f"internal error; the log has more under reference {error['extensions']['reference']}"
    assert "a secret of the machine" in caplog.text


def test_a_database_behind_its_schema_is_not_ready(serving: Serving, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.sqlite3")
    with serving(engine) as client:
        response = client.get("/readyz")
    engine.dispose()
    assert response.status_code == 503
    assert response.json() == {
        "status": "unready",
        "reason": f"the database is at schema 'None', not '{newest_revision()}'; run 'kehu db upgrade'",
    }


def test_a_database_that_does_not_answer_is_not_ready(serving: Serving, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}")
    with serving(engine) as client:
        response = client.get("/readyz")
        alive = client.get("/healthz")
    engine.dispose()
    assert (response.status_code, alive.status_code) == (503, 200)
    assert response.json() == {"status": "unready", "reason": "the database does not answer"}


def test_before_the_first_run_facts_can_be_read_and_levels_say_why_not(
    serving: Serving, sqlite_database: Engine
) -> None:
    with serving(sqlite_database) as client:
        ready = client.get("/readyz")
        query = '{ ruleSets { code } publishedRun { number } customers { totalCount } ruleSet(code: "a") { code } }'
        answer = client.post("/graphql", json={"query": query}).json()
        facts = client.post("/graphql", json={"query": "{ ruleSets { code } customers { totalCount } }"}).json()
    assert (ready.status_code, ready.json()["publishedRun"]) == (200, None)
    assert answer["errors"][0]["message"] == "rule set 'a': no run is published yet; start one with 'runStart'"
    assert answer["errors"][0]["extensions"] == {"code": "NOT_PUBLISHED"}
    assert facts == {"data": {"ruleSets": [], "customers": {"totalCount": 0}}}


@pytest.mark.parametrize(
    ("_case", "query", "message"),
    [
        ("an endless text", 'text: "' + "x" * 501 + '"', "'where.text' has 501 characters; no name has more than 500"),
    ],
)
def test_filters_that_no_customer_could_meet_are_refused(
    client: httpx.Client, _case: str, query: str, message: str
) -> None:
    answer = client.post("/graphql", json={"query": f"{{ customers(where: {{{query}}}) {{ totalCount }} }}"}).json()
    assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (message, "BAD_USER_INPUT")
    ]


def test_an_id_in_no_alphabet_of_ours_finds_nothing(client: httpx.Client) -> None:
    answer = client.post("/graphql", json={"query": '{ node(id: "😀") { id } }'}).json()
    assert answer == {"data": {"node": None}}


def test_large_answers_are_packed_and_none_is_kept(client: httpx.Client) -> None:
    query = "{ __schema { types { name description } } }"
    packed = client.post("/graphql", json={"query": query})
    plain = client.post("/graphql", json={"query": query}, headers={"accept-encoding": "identity"})
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.json() == plain.json()
    assert packed.headers["cache-control"] == "no-store"


PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


def test_pages_of_another_origin_may_not_ask(client: httpx.Client) -> None:
    headers = {"origin": "http://localhost:3000"}
    asked = client.options("/graphql", headers=headers | PREFLIGHT)
    answer = client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert [name for reply in (asked, answer) for name in reply.headers if name.startswith("access-control")] == []


def test_pages_of_an_origin_that_was_named_may_ask(carrier: Engine, serving: Serving) -> None:
    with serving(carrier, ["http://localhost:3000"]) as client:
        for origin, allowed in (("http://localhost:3000", "http://localhost:3000"), ("http://evil.example", None)):
            asked = client.options("/graphql", headers={"origin": origin} | PREFLIGHT)
            answer = client.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": origin})
            assert asked.headers.get("access-control-allow-origin") == allowed
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_a_client_that_leaves_in_the_middle_is_no_failure(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as half:
        half.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
    assert client.post("/graphql", json={"query": "{ __typename }"}).status_code == 200
    assert caplog.records == []
