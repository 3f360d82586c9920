"""Work that is told to stop until it has."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from kehu_graphql.stopping import stoppable


def test_work_is_told_again_when_the_database_did_not_listen() -> None:
    told, begun, ended = list[int](), Event(), Event()

    def stop() -> None:
        told.append(1)
        if len(told) == 1:
            raise psycopg.errors.CancellationTimeout("not in time")
        ended.set()

    def work() -> bool:
        begun.set()
        return ended.wait(60)

    async def run(threads: ThreadPoolExecutor) -> None:
        waiting = asyncio.ensure_future(stoppable(threads, work, stop))
        await asyncio.to_thread(begun.wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert ended.is_set()

    with ThreadPoolExecutor(1) as threads:
        try:
            asyncio.run(run(threads))
        finally:
            ended.set()
    assert len(told) == 2
