"""Subscriptions with graphql-ws, and Apollo Client, over a restart of the server: nothing is lost or told twice."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import IO, Any

import uvicorn

from kehu.pipeline.resegmenting import resegment
from kehu.reader.news import END, NewsPlace
from kehu.workspace.served import Served
from kehu_graphql.app import create_app
from kehu_graphql.subscriptions.feed import cursor_of

BUSY, QUIET = datetime(2026, 2, 5, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
BEGINNING = cursor_of(NewsPlace(0, END, 0))
CUSTOMERS = 10


@contextmanager
def serving(office: Any, port: int) -> Iterator[None]:
    """A server of the office at that port; at the end it closes its sockets and is gone."""
    app = create_app(office.engine, Served("Office", office.clock))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with socket.create_server(("127.0.0.1", port)) as listener:
        running = Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        yield
        server.should_exit = True
        running.join()


def resegmented(office: Any, as_of: datetime) -> None:
    resegment(office.workspace, office.engine, as_of, clock=office.clock, progress=lambda _what, _rows: None)


def told(count: IO[str], number: int) -> None:
    """Wait until the client has been told so much."""
    while int(count.readline()) < number:
        pass


def test_a_subscription_goes_on_when_the_server_comes_back(office: Any, node_command: Callable[..., list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = node_command("subscription.mjs", f"ws://127.0.0.1:{port}/graphql", BEGINNING)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as client:  # type: ignore[call-overload]
        with serving(office, port):
            told(client.stderr, CUSTOMERS)
        resegmented(office, BUSY)
        with serving(office, port):
            told(client.stderr, CUSTOMERS + 2)
            resegmented(office, QUIET)
            told(client.stderr, CUSTOMERS + 4)
            printed, _ = client.communicate("end\n", timeout=60)
    found = json.loads(printed)
    assert found["seen"][CUSTOMERS:] == [
        [2, False, "calm", "Alpha Ltd"],
        [2, True, "busy", "Alpha Ltd"],
        [3, False, "busy", "Alpha Ltd"],
        [3, True, "calm", "Alpha Ltd"],
    ]
    assert len({tuple(each) for each in found["seen"][:CUSTOMERS]}) == CUSTOMERS
    assert found["seenByApollo"] == found["seen"]
    assert found["connections"] == 2
