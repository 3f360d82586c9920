"""Whether the client that sent a request still waits for its answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cross_web import HTTPException
from starlette.types import Message, Receive

# Most answers are sent sooner, and need no second look at the connection.
_PATIENCE_SECONDS = 0.25


class Presence:
    """Reads a request's body, up to a number of bytes, and then looks whether the client stays."""

    def __init__(self, receive: Receive, limit_bytes: int) -> None:
        self._receive, self._limit = receive, limit_bytes
        self._taken = 0
        self._is_whole = False
        self.has_left = False

    async def receive(self) -> Message:
        """Raises HTTPException rather than read a body that is larger than any query needs to be."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise HTTPException(413, f"the request's body is larger than {self._limit:,} bytes")
        self._is_whole = not message.get("more_body", False)
        return message

    @contextmanager
    def required(self) -> Iterator[None]:
        """Cancels the task that runs the block when the client leaves, which `has_left` then says."""
        loop, working = asyncio.get_running_loop(), asyncio.current_task()
        watching: list[asyncio.Task[None]] = []
        later = loop.call_later(_PATIENCE_SECONDS, lambda: watching.append(loop.create_task(self._watch(working))))
        try:
            yield
        finally:
            later.cancel()
            for task in watching:
                task.cancel()

    async def _watch(self, working: asyncio.Task[Any] | None) -> None:
        if not self._is_whole or working is None:
            return
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.has_left = True
            working.cancel()
