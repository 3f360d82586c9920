"""Requests over kept connections on loopback, and how long each took: by wrk where it is installed, else by asyncio."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

LOADERS = ("wrk", "own")
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What so many connections brought in so many seconds; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


def usual_loader() -> str:
    """Which of LOADERS there is."""
    return "wrk" if shutil.which("wrk") else "own"


def put_load(loader: str, port: int, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Every connection sends one body after the other. wrk takes whole seconds, one at least.

    It tries again for longer where no answer came in time. Raises RuntimeError where one failed.
    """
    if loader == "own":
        return asyncio.run(_load(port, bodies, connections, seconds))
    found = _by_wrk(port, bodies, connections, max(1, round(seconds)))
    return found if found.requests else put_load(loader, port, bodies, connections, 4 * seconds)


def _by_wrk(port: int, bodies: Sequence[bytes], connections: int, seconds: int) -> Load:
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        Path(file.name).write_bytes(b"\n".join(bodies))
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(_SCRIPT)]
        environment = {**os.environ, "KEHU_BODIES": file.name}
        address = f"http://127.0.0.1:{port}"
        told = subprocess.run([*words, address], env=environment, check=True, capture_output=True, text=True).stdout
    figures = orjson.loads(told.strip().splitlines()[-1])
    if figures.pop("failed"):
        raise RuntimeError(f"wrk says: {told}")
    return Load(**figures)


async def _load(port: int, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """The connections begin at different places of `bodies`."""
    took: list[float] = []
    begun = time.perf_counter()
    until = begun + seconds
    parts = [len(bodies) * number // connections for number in range(connections)]
    await asyncio.gather(*(_connection(port, [*bodies[part:], *bodies[:part]], until, took) for part in parts))
    took.sort()
    return Load(len(took), time.perf_counter() - begun, took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000)


async def ask(port: int, body: bytes) -> bytes:
    """One answer's body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = await _exchange(reader, writer, body)
    writer.close()
    return found


def request_body(query: str, variables: dict[str, object]) -> bytes:
    """A query as clients send it."""
    return orjson.dumps({"query": query, "variables": variables})


async def _connection(port: int, bodies: Sequence[bytes], until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    number = 0
    while (begun := time.perf_counter()) < until:
        await _exchange(reader, writer, bodies[number % len(bodies)])
        took.append(time.perf_counter() - begun)
        number += 1
    writer.close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> bytes:
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answered = (await reader.readuntil(b"\r\n\r\n")).lower()
    found = await reader.readexactly(int(answered.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    if b" 200 " not in answered.partition(b"\r\n")[0]:
        raise RuntimeError(f"answered with {found[:2000]!r}")
    return found
