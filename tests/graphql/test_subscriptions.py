"""Subscriptions over a real socket: told once each, in order, whoever publishes, however often a client comes back."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import Engine, create_engine, select
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rolling_back import roll_back
from kehu.reader.news import END, NewsPlace
from kehu.tables.runs import memberships, warnings
from kehu_graphql.reads import ReadPool
from kehu_graphql.subscriptions.feed import cursor_of
from kehu_graphql.subscriptions.sockets import MAX_OPERATIONS, Sockets
from kehu_graphql.subscriptions.watcher import Watcher

PROTOCOL = Subprotocol("graphql-transport-ws")
BUSY, QUIET = datetime(2026, 2, 5, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
BEGINNING = cursor_of(NewsPlace(0, END, 0))
LEVELS = """
subscription($ruleSet: String!, $level: String, $after: String) {
  levelChanged(ruleSet: $ruleSet, level: $level, after: $after) {
    cursor entered levelCode customer { name } run { number restores { number } }
  }
}
"""
WARNINGS = """
subscription($department: String, $ruleSet: String, $after: String) {
  warningsRaised(department: $department, ruleSet: $ruleSet, after: $after) {
    cursor warning { code reason customer { name } } run { number }
  }
}
"""
TOO_MUCH = """levelChanged(ruleSet: "service_tier") { customer {
  shipments(first: 200) { nodes { shipper { shipments(first: 200) { nodes { shipper { name shipments(first: 200) {
  nodes { number } } } } } } } }
} }"""
# A function of PostgreSQL hidden behind one that does nothing.
MUTE = "CREATE FUNCTION pg_notify(text, text) RETURNS void LANGUAGE sql AS ''"
# Visits that nobody reads to the end; one customer has any.
ENDLESS = {
    "sqlite": "SELECT * FROM visits_kept WHERE "
    "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n) > 0",
    "postgresql": "SELECT * FROM visits_kept WHERE pg_sleep(600) IS NOT NULL",
}
ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() "
    "AND pid <> pg_backend_pid()"
)
Serving = Callable[..., AbstractContextManager[httpx.Client]]
Change = tuple[int, bool, str, str]


class Subscriber:
    """A front-end with one socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._sent = 0
        self.tell(type="connection_init")
        assert self.told() == {"type": "connection_ack"}

    def tell(self, **message: object) -> None:
        self.socket.send(json.dumps(message))

    def told(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=60))
        return message

    def subscribe(self, query: str, **variables: object) -> str:
        self._sent += 1
        self.tell(id=str(self._sent), type="subscribe", payload={"query": query, "variables": variables})
        return str(self._sent)

    def next(self, count: int = 1) -> list[Any]:
        """The only field of each of so many results, in which nothing failed."""
        found = []
        for _ in range(count):
            message = self.told()
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            (value,) = message["payload"]["data"].values()
            found.append(value)
        return found

    def settle(self) -> None:
        """Wait until what was subscribed to before has begun: operations begin in their order."""
        number = self.subscribe("subscription { runProgress(run: 1) { share } }")
        assert self.next() == [{"share": 1.0}]
        assert self.told() == {"id": number, "type": "complete"}

    def is_quiet(self) -> bool:
        """Nothing else was said before the answer to a ping."""
        self.tell(type="ping")
        return self.told() == {"type": "pong"}


# What the small carrier's two runs brought of that level.
VIPS = 1


def address(client: httpx.Client) -> str:
    return str(client.base_url.copy_with(scheme="ws")) + "/graphql"


@contextmanager
def subscriber(client: httpx.Client) -> Iterator[Subscriber]:
    with connect(address(client), subprotocols=[PROTOCOL]) as socket:
        yield Subscriber(socket)


def changes(events: list[Any]) -> list[Change]:
    return [(each["run"]["number"], each["entered"], each["levelCode"], each["customer"]["name"]) for each in events]


def told_of_both(one: Subscriber) -> tuple[list[Any], Any]:
    """Two changes of levels and a warning, whose order is not promised."""
    events = [one.next()[0] for _ in range(3)]
    (raised,) = [each for each in events if "warning" in each]
    return [each for each in events if "warning" not in each], raised


def resegmented(office: Any, as_of: datetime) -> None:
    """A run that another process might as well have made."""
    resegment(office.workspace, office.engine, as_of, clock=office.clock, progress=lambda _what, _rows: None)


def test_all_that_was_published_is_told_from_the_beginning(client: httpx.Client, carrier: Engine) -> None:
    with carrier.connect() as connection:
        columns = (memberships.c.id, memberships.c.from_run_id, memberships.c.until_run_id)
        rows = connection.execute(select(*columns).where(memberships.c.ruleset == "service_tier")).all()
    begun = [(run, 1, row) for row, run, _ in rows]
    ended = [(run, 0, row) for row, _, run in rows if run is not None]
    with subscriber(client) as one:
        one.subscribe(LEVELS, ruleSet="service_tier", after=BEGINNING)
        found = one.next(len(rows) + len(ended))
    assert [each["cursor"] for each in found] == [cursor_of(NewsPlace(*place)) for place in sorted(begun + ended)]
    assert ended


def test_every_cursor_is_gone_on_from_without_loss_or_repetition(client: httpx.Client) -> None:
    with subscriber(client) as one:
        one.subscribe(LEVELS, ruleSet="service_tier", after=BEGINNING)
        found = one.next(13)
        assert one.is_quiet()
    with subscriber(client) as one:
        for place, event in enumerate(found[:-1]):
            number = one.subscribe(LEVELS, ruleSet="service_tier", after=event["cursor"])
            assert one.next(len(found) - place - 1) == found[place + 1 :]
            one.tell(id=number, type="complete")


@pytest.mark.parametrize(
    ("_case", "wanted", "codes"),
    [
        ("any", {}, {"volume_collapse", "long_silence"}),
        ("a department", {"department": "customer_service"}, {"volume_collapse"}),
        ("a department nobody tells", {"department": "customer"}, set()),
        ("a rule set", {"ruleSet": "churn_warning"}, {"volume_collapse", "long_silence"}),
    ],
)
def test_warnings_are_told_to_whom_they_concern(
    client: httpx.Client, carrier: Engine, _case: str, wanted: dict[str, str], codes: set[str]
) -> None:
    with carrier.connect() as connection:
        fired = connection.execute(select(warnings.c.warning).order_by(warnings.c.fired_run_id, warnings.c.id))
        expected = [code for code in fired.scalars() if code in codes]
    with subscriber(client) as one:
        one.subscribe(WARNINGS, after=BEGINNING, **wanted)
        assert [each["warning"]["code"] for each in one.next(len(expected))] == expected
        assert one.is_quiet()


def test_a_level_alone_is_told_of(client: httpx.Client) -> None:
    with subscriber(client) as one:
        one.subscribe(LEVELS, ruleSet="service_tier", level="vip", after=BEGINNING)
        assert [each["levelCode"] for each in one.next(VIPS)] == ["vip"] * VIPS
        assert one.is_quiet()


def test_whoever_asks_for_no_past_is_told_none(client: httpx.Client) -> None:
    cursor = client.post("/graphql", json={"query": "{ publishedCursor }"}).json()["data"]["publishedCursor"]
    with subscriber(client) as one:
        one.subscribe(LEVELS, ruleSet="service_tier")
        one.subscribe(LEVELS, ruleSet="service_tier", after=cursor)
        assert one.is_quiet()


@pytest.mark.parametrize(
    ("_case", "query", "code", "said"),
    [
        ("an unknown rule set", 'levelChanged(ruleSet: "servise_tier") { cursor }', "BAD_USER_INPUT", "'service_tier'"),
        (
            "an unknown level",
            'levelChanged(ruleSet: "service_tier", level: "vipp") { cursor }',
            "BAD_USER_INPUT",
            "'vip'",
        ),
        ("no cursor", 'warningsRaised(after: "x") { cursor }', "BAD_USER_INPUT", "'x' is no cursor"),
        (
            "a cursor of a run that is gone",
            f'warningsRaised(after: "{cursor_of(NewsPlace(9, 1, 1))}") {{ cursor }}',
            "BAD_USER_INPUT",
            "the cursor is of run 9, and the last one published is run 2",
        ),
        ("an unknown run", 'runProgress(run: "99") { stage }', "BAD_USER_INPUT", "there is no run 99"),
        (
            "no run",
            'runProgress(run: "x") { stage }',
            "BAD_USER_INPUT",
            "'x' is no id of a Run (give the `id` of a Run)",
        ),
        ("an unknown field", "levelChange { cursor }", "GRAPHQL_VALIDATION_FAILED", "levelChanged"),
        ("no GraphQL", "levelChanged(", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
        (
            "too many nodes an event",
            TOO_MUCH,
            "LIMIT_EXCEEDED",
            "nodes",
        ),
    ],
)
def test_a_subscription_that_cannot_be_is_refused_as_over_http(
    client: httpx.Client, _case: str, query: str, code: str, said: str
) -> None:
    with subscriber(client) as one:
        one.subscribe(f"subscription {{ {query} }}")
        told = one.told()
    (error,) = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
    assert error["extensions"]["code"] == code
    assert said in error["message"]


def test_one_subscription_too_many_is_refused_and_the_others_go_on(client: httpx.Client) -> None:
    with subscriber(client) as one:
        for _ in range(MAX_OPERATIONS):
            one.subscribe(LEVELS, ruleSet="service_tier")
        one.subscribe(LEVELS, ruleSet="service_tier")
        refused = one.told()
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == (
            str(MAX_OPERATIONS + 1),
            "LIMIT_EXCEEDED",
        )
        one.tell(id="1", type="complete")
        one.subscribe(LEVELS, ruleSet="service_tier", level="vip", after=BEGINNING)
        assert len(one.next(VIPS)) == VIPS


def test_variables_with_too_many_values_are_refused(client: httpx.Client) -> None:
    with subscriber(client) as one:
        one.subscribe("{ publishedRun { number } }", many=[0] * 10_000)
        assert one.told()["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}


@pytest.mark.parametrize(
    ("_case", "payload"),
    [
        ("no query", {}),
        ("an empty query", {"query": ""}),
        ("a number", {"query": 5}),
        ("a text", "x"),
        ("nothing", None),
        ("variables in a list", {"query": "{ publishedCursor }", "variables": [1]}),
        ("a number for a name", {"query": "{ publishedCursor }", "operationName": 5}),
        ("an unknown name", {"query": "query A { publishedCursor }", "operationName": "B"}),
    ],
)
def test_what_is_no_query_is_refused_and_the_socket_stays(client: httpx.Client, _case: str, payload: object) -> None:
    with subscriber(client) as one:
        one.tell(id="1", type="subscribe", payload=payload)
        (error,) = one.told()["payload"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert one.is_quiet()


@pytest.mark.parametrize("message", ["null", "5", "[]", "[[]]", '{"type": "complete", "id": []}', '{"id": {}}'])
def test_what_is_no_message_closes_the_socket(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    with subscriber(client) as one:
        one.socket.send(message)
        with pytest.raises(ConnectionClosed, match="4400"):
            one.told()
    assert caplog.records == []


def test_questions_are_answered_over_the_socket_too(client: httpx.Client) -> None:
    with subscriber(client) as one:
        one.subscribe("{ publishedRun { number } }")
        assert one.next() == [{"number": 2}]
        assert one.told() == {"id": "1", "type": "complete"}


def test_a_subscription_over_http_is_refused(client: httpx.Client) -> None:
    accept = {"accept": "multipart/mixed;subscriptionSpec=1.0, application/json, text/event-stream"}
    query = {"query": "subscription { warningsRaised { cursor } }"}
    answer = client.post("/graphql", json=query, headers=accept)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


def test_another_page_opens_no_socket_unless_it_may(carrier: Engine, serving: Serving) -> None:
    with serving(carrier, ["https://crm.example.com"]) as client:
        with pytest.raises(InvalidStatus, match="403"):
            connect(address(client), subprotocols=[PROTOCOL], origin=Origin("https://evil.example.com"))
        with connect(address(client), subprotocols=[PROTOCOL], origin=Origin("https://crm.example.com")) as socket:
            Subscriber(socket)


def test_the_older_protocol_is_not_spoken(client: httpx.Client) -> None:
    with (
        connect(address(client), subprotocols=[Subprotocol("graphql-ws")]) as socket,
        pytest.raises(ConnectionClosed, match="4406"),
    ):
        socket.recv(timeout=60)


def test_a_run_of_another_process_is_told_when_it_is_published(office_anywhere: Any) -> None:
    with subscriber(office_anywhere.client) as one:
        one.subscribe(LEVELS, ruleSet="size")
        one.subscribe(WARNINGS, department="sales")
        one.settle()
        resegmented(office_anywhere, BUSY)
        levels, raised = told_of_both(one)
        assert changes(levels) == [(2, False, "calm", "Alpha Ltd"), (2, True, "busy", "Alpha Ltd")]
        assert raised["warning"] == {"code": "quiet", "reason": "0 shipments", "customer": {"name": "Beta Ltd"}}
        resegmented(office_anywhere, QUIET)
        levels, raised = told_of_both(one)
    assert changes(levels) == [(3, False, "busy", "Alpha Ltd"), (3, True, "calm", "Alpha Ltd")]
    assert (raised["run"], raised["warning"]["customer"]) == ({"number": 3}, {"name": "Alpha Ltd"})


def test_a_client_that_was_away_hears_all_and_of_a_rollback_the_way_back(office_anywhere: Any) -> None:
    with subscriber(office_anywhere.client) as one:
        one.subscribe(LEVELS, ruleSet="size")
        one.settle()
        resegmented(office_anywhere, BUSY)
        (first,) = one.next()
    roll_back(office_anywhere.engine, None, author="Li Na", clock=office_anywhere.clock)
    with subscriber(office_anywhere.client) as one:
        one.subscribe(LEVELS, ruleSet="size", after=first["cursor"])
        rest = one.next(3)
        assert one.is_quiet()
    assert changes([first, *rest]) == [
        (2, False, "calm", "Alpha Ltd"),
        (2, True, "busy", "Alpha Ltd"),
        (3, False, "busy", "Alpha Ltd"),
        (3, True, "calm", "Alpha Ltd"),
    ]
    assert [each["run"]["restores"] for each in rest] == [None, {"number": 1}, {"number": 1}]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_published_while_the_database_was_away_is_told(office_anywhere: Any) -> None:
    with subscriber(office_anywhere.client) as one:
        one.subscribe(LEVELS, ruleSet="size")
        one.settle()
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
        with office_anywhere.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.exec_driver_sql(f"{ended} AND datname = current_database()").scalar():
                time.sleep(0.05)
        resegmented(office_anywhere, BUSY)
        assert [each[2] for each in changes(one.next(2))] == ["calm", "busy"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_the_database_gives_no_notice_of_is_told(office_anywhere: Any, caplog: pytest.LogCaptureFixture) -> None:
    office = office_anywhere
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(MUTE)
        (name,) = connection.exec_driver_sql("SELECT current_database()").one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
    office.engine.dispose()
    with subscriber(office.client) as one:
        one.subscribe(LEVELS, ruleSet="size")
        one.settle()
        resegmented(office, BUSY)
        assert [each[2] for each in changes(one.next(2))] == ["calm", "busy"]
        resegmented(office, QUIET)
        assert [each[2] for each in changes(one.next(2))] == ["busy", "calm"]
    assert [each.getMessage()[:46] for each in caplog.records] == ["notifications of PostgreSQL do not arrive (thr"]


def test_an_event_that_takes_too_long_is_told_without_data_and_the_others_whole(
    office_anywhere: Any, serving: Serving
) -> None:
    engine = office_anywhere.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE visits RENAME TO visits_kept")
        connection.exec_driver_sql(f"CREATE VIEW visits AS {ENDLESS[engine.dialect.name]}")
    with serving(engine, timeout_seconds=0.5) as client, subscriber(client) as one:
        one.subscribe(LEVELS, ruleSet="size", level="busy")
        slow = one.subscribe(LEVELS.replace("{ name }", "{ visits { nodes { id } } }"), ruleSet="size", level="busy")
        one.settle()
        resegmented(office_anywhere, BUSY)
        told = [one.told() for _ in range(2)]
        resegmented(office_anywhere, QUIET)
        told += [one.told() for _ in range(2)]
        assert one.is_quiet()
    whole = [each["payload"]["data"]["levelChanged"] for each in told if each["id"] != slow]
    assert changes(whole) == [(2, True, "busy", "Alpha Ltd"), (3, False, "busy", "Alpha Ltd")]
    late = [each["payload"] for each in told if each["id"] == slow]
    assert [each["data"] for each in late] == [None, None]
    for (error,) in (each["errors"] for each in late):
        assert error["extensions"] == {"code": "TIMEOUT"}
        assert error["message"].startswith("the event took longer than 0.5 seconds and was ended; select less of it")
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            assert connection.exec_driver_sql(ACTIVE).scalar() == 0


def test_one_socket_too_many_is_refused_with_a_status() -> None:
    async def serve() -> list[Message]:
        sockets, ended, sent = Sockets(cast("Watcher", None), limit=1), asyncio.Event(), list[Message]()

        async def waits(_scope: Scope, _receive: Receive, _send: Send) -> None:
            await ended.wait()

        async def send(message: Message) -> None:
            sent.append(dict(message))

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "headers": [], "extensions": {"websocket.http.response": {}}}
        first = asyncio.create_task(sockets.serve(waits, scope, receive, send))
        await asyncio.sleep(0)
        await sockets.serve(waits, scope, receive, send)
        ended.set()
        await first
        await sockets.serve(waits, scope, receive, send)
        return sent

    assert [message.get("status") for message in asyncio.run(serve())] == [503, None]


def test_who_follows_while_the_last_follower_leaves_is_told(sqlite_database: Engine) -> None:
    async def followed() -> int:
        pool = ReadPool(sqlite_database)
        watcher = Watcher(sqlite_database, pool)
        with watcher.following():
            await asyncio.sleep(0)
        with watcher.following():
            await asyncio.wait_for(watcher.after(0), 20)
        await watcher.close()
        pool.close()
        return watcher.changes

    assert asyncio.run(followed()) == 1


def test_a_database_that_fails_a_while_keeps_nobody_from_hearing_later(
    sqlite_database: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    async def followed() -> None:
        pool = ReadPool(sqlite_database)
        watcher = Watcher(sqlite_database, pool)
        with watcher.following():
            await asyncio.wait_for(watcher.after(0), 20)
            _rename(sqlite_database, "runs", "runs_away")
            await _warned(caplog)
            _rename(sqlite_database, "runs_away", "runs")
            await asyncio.wait_for(watcher.after(1), 20)
        await watcher.close()
        pool.close()

    with caplog.at_level(logging.WARNING, logger="kehu_graphql.subscriptions"):
        asyncio.run(asyncio.wait_for(followed(), 40))


def test_who_finds_no_connection_free_hears_later(sqlite_database: Engine, caplog: pytest.LogCaptureFixture) -> None:
    few = create_engine(sqlite_database.url, pool_size=2, max_overflow=0, pool_timeout=0.05)

    async def followed() -> None:
        pool = ReadPool(few)
        watcher = Watcher(few, pool)
        with watcher.following():
            await asyncio.wait_for(watcher.after(0), 20)
            with few.connect():
                _rename(sqlite_database, "runs", "runs_away")
                _rename(sqlite_database, "runs_away", "runs")
                await _warned(caplog)
            await asyncio.wait_for(watcher.after(1), 20)
        await watcher.close()
        pool.close()

    with caplog.at_level(logging.WARNING, logger="kehu_graphql.subscriptions"):
        asyncio.run(asyncio.wait_for(followed(), 40))
    few.dispose()


async def _warned(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(400):
        if "does not hear of runs until the database answers again" in caplog.text:
            return
        await asyncio.sleep(0.05)


def _rename(engine: Engine, table: str, name: str) -> None:
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
