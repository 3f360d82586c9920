"""Requests over kept connections on loopback, and how long each took."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Load:
    """What so many connections brought in so many seconds; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


async def put_load(port: int, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Every connection sends one request after the other, beginning at different places of `bodies`."""
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
