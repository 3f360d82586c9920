"""The server as a process: it answers, ends in good order, and says when it cannot listen."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from kehu.workspace.served import Served
from kehu_graphql.server import serve

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from datetime import UTC, datetime
from kehu.store.database import open_database
from kehu.workspace.served import Served
from kehu_graphql.server import serve
served = Served("T", lambda: datetime.now(UTC))
serve(open_database(sys.argv[1]), served, address=("127.0.0.1", int(sys.argv[2])))
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_process_answers_until_terminated_and_prints_nothing(sqlite_database: Engine) -> None:
    port = _free_port()
    command = [sys.executable, "-c", PROGRAM, str(sqlite_database.url), str(port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("platform", "graphql"))}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        answer = _first_answer(f"http://127.0.0.1:{port}/graphql")
    finally:
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
    assert answer == {"data": {"customers": {"totalCount": 0}}}
    assert (process.returncode, printed) == (-signal.SIGTERM, b"")


def _first_answer(url: str) -> object:
    for _ in range(1200):
        try:
            return httpx.post(url, json={"query": "{ customers { totalCount } }"}).json()
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the server never answered")


@pytest.mark.parametrize(
    ("_case", "host", "reason"),
    [("a port in use", "127.0.0.1", "Address already in use"), ("an address of others", "192.0.2.1", "Cannot assign")],
)
def test_an_address_that_cannot_be_had_is_named(sqlite_database: Engine, _case: str, host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"^cannot listen on {host} port {port}: {reason}[^;]*; choose another"):
            serve(sqlite_database, Served("T", lambda: datetime.now(UTC)), address=(host, port))
