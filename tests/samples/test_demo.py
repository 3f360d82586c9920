"""kehu demo as a user runs it: real processes, real ports, ended by Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tests.samples.command import kehu

from kehu.cli.queries import demo_queries

Ask = Callable[..., Any]
ROOT = Path(__file__).parents[2]
SMALL = ("--customers", "300", "--shipments", "3000")


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    for first in range(20_000 + os.getpid() % 20_000, 60_000, count):
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")


def test_the_demo_shows_what_it_did_serves_and_ends(tmp_path: Path) -> None:
    port = free_ports(4)
    command = [sys.executable, "-m", "kehu.cli", "demo", *SMALL, "--dir", str(tmp_path / "demo"), "--port", str(port)]
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
        statuses = [_status(f"http://127.0.0.1:{port + number}/readyz", process) for number in range(4)]
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait(timeout=60)
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert statuses == [200] * 4
    assert code in {0, 130}
    assert re.search(r"scms +│ +10,324 │ +10,324 │ +0 │ +215 │ 2015-09-14", text)
    assert re.search(r"online_retail +│ +13,842 │ +13,842 │ +0 │ +3,360 │", text)
    assert re.search(r"northwind +│ +930 │ +930 │ +0 │ +91 │", text)
    assert f"http://127.0.0.1:{port}/graphql  Kehu sample carrier" in text
    assert text.count("\n# ") == 3
    assert "Traceback" not in text + (tmp_path / "err").read_text(encoding="utf-8")


def _status(url: str, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url).status_code
        except httpx.TransportError:
            time.sleep(0.2)
    return 0


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").touch()
    done = kehu("demo", *SMALL, "--no-serve", "--dir", str(tmp_path))
    assert done.code == 1
    assert (
        "this folder holds something that is not an earlier demo (give the name of a new folder with --dir)" in done.err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_the_printed_queries_and_the_readmes_are_answered(ask: Ask) -> None:
    readme = re.search(r"```graphql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert readme is not None
    answers = [ask("carrier", query) for _, query in demo_queries("C00000001")]
    assert [next(iter(answer)) for answer in answers] == ["ruleSets", "warnings", "customerByIdentifier"]
    assert answers[2]["customerByIdentifier"]["name"]
    assert "customers" in ask("carrier", readme[1])


def test_a_port_in_use_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "kehu.toml").write_text("", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = kehu("serve", "-w", str(tmp_path), "--port", port)
    assert done.code == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.err
    assert "Traceback" not in done.err
