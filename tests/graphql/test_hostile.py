"""Hostile requests against a server process: each is answered or refused, and none stays in its memory.

HOSTILE_REQUESTS says how many; the suite asks few of them, `HOSTILE_REQUESTS=10000` and pytest -rP are the proof.
"""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.graphql.hostile import requests

from kehu_graphql.failures import INTERNAL
from kehu_graphql.schema import build_schema

REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "250"))
SEED = 20260210
# What the parsed documents take that are kept (kehu_graphql.documents), and what Python does not give back.
MORE_BYTES = 120_000_000
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A `kehu serve` of its own."""

    process: subprocess.Popen[bytes]
    client: httpx.Client

    def memory(self) -> int:
        """Resident, in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def server(opened_office: Path, tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "office"
    shutil.copytree(opened_office, folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "kehu.cli", "serve", "-w", str(folder), "--port", str(port)]
    said = tmp_path / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _await(client, process, said)
            yield Server(process, client)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(client: httpx.Client, process: subprocess.Popen[bytes], said: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            client.get("/readyz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the server did not start: {said.read_text(encoding='utf-8')}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc")
def test_every_request_is_answered_or_refused(server: Server) -> None:
    headers = {"content-type": "application/json", "kehu-author": "Li"}
    before = server.memory()
    took: list[tuple[float, str]] = []
    for number, request in enumerate(requests(build_schema().core, SEED, REQUESTS)):
        began_at = time.perf_counter()
        response = server.client.post("/graphql", content=request.body, headers=headers)
        took.append((time.perf_counter() - began_at, request.kind))
        told = f"request {number}, {request.kind}: {request.body[:2000]!r} -> {response.text[:500]}"
        assert response.status_code < 500, told
        answer = json.loads(response.content)
        assert "data" in answer or answer["errors"], told
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert INTERNAL not in codes, told
    assert server.client.get("/readyz").json()["status"] == "ready"
    more = server.memory() - before
    longest, kind = max(took)
    logging.getLogger(__name__).warning("longest: %.2f s (%s), memory: %.0f MB more", longest, kind, more / 1e6)
    assert more < MORE_BYTES
