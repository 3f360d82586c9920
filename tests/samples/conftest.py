"""Sample workspaces as a user has them: copied, loaded, segmented and served by the kehu command."""

import fcntl
import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.samples.command import kehu

from kehu.generate.carrier import generate

EXAMPLES = Path(__file__).parents[2] / "examples"
_START_SECONDS = 60


@dataclass(frozen=True)
class Sample:
    """One sample workspace after the command line's work."""

    root: Path
    load_code: int
    load: dict[str, Any]
    second_load: dict[str, Any]
    run: dict[str, Any]


def _made(name: str, folder: Path) -> Sample:
    root = folder / name
    shutil.copytree(EXAMPLES / name, root)
    if name == "carrier":
        generate(root / "data", customers=600, shipments=6_000, seed=7)
    loaded = kehu("load", "-w", str(root), "--json")
    again = kehu("load", "-w", str(root), "--json")
    run = kehu("resegment", "-w", str(root), "--json")
    assert run.code == 0, run.err
    return Sample(root, loaded.code, json.loads(loaded.out), json.loads(again.out), json.loads(run.out))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Sample]:
    """A sample by name, made when first asked for, by whichever of the processes that run tests asks first."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "samples"
    folder.mkdir(exist_ok=True)

    @cache
    def get(name: str) -> Sample:
        told = folder / f"{name}.pickle"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not told.exists():
                told.write_bytes(pickle.dumps(_made(name, folder)))
        made: Sample = pickle.loads(told.read_bytes())  # noqa: S301  # written a moment ago, by these tests
        return made

    return get


Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def ask(sample: Callable[[str], Sample]) -> Iterator[Ask]:
    """Ask a served sample over HTTP: name, query, variables; the answer's data."""
    servers: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    def answer(name: str, query: str, **variables: object) -> Any:
        if name not in servers:
            servers[name] = _served(sample(name).root)
        response = httpx.post(f"{servers[name][1]}/graphql", json={"query": query, "variables": variables}, timeout=30)
        document = response.json()
        assert "errors" not in document, document
        return document["data"]

    yield answer
    for process, _ in servers.values():
        process.terminate()
    # Told to end, a server ends its requests and then itself by that very signal.
    assert {process.wait(timeout=30) for process, _ in servers.values()} <= {0, -signal.SIGTERM}


def _served(root: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kehu.cli", "serve", "-w", str(root), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return process, url
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise TimeoutError(f"the server of {root} did not start")
