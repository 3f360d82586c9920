"""Resolvers that run without an event loop, and read together."""

import asyncio
from collections.abc import Collection, Iterator

import pytest
from sqlalchemy import Connection, create_engine

from kehu_graphql.kept_rules import KeptRules
from kehu_graphql.planning.batches import BatchedReads
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.stopping import Reading


@pytest.fixture
def reads() -> Iterator[BatchedReads]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield BatchedReads(connection, Reading(), KeptRules())
    engine.dispose()


class _Read:
    """Doubles numbers below 10, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, _connection: Connection, keys: Collection[int]) -> dict[int, int]:
        self.asked.append(list(keys))
        return {key: key * 2 for key in keys if key < 10}


def test_what_many_want_is_read_at_once_and_none_of_it_twice(reads: BatchedReads) -> None:
    read = _Read()

    async def resolver(key: int) -> int | None:
        return await reads.one(read, key)

    assert reads.answers(map(resolver, (3, 1, 3, 12))) == [6, 2, 6, None]
    assert reads.answers(map(resolver, (1, 4))) == [2, 8]
    assert read.asked == [[3, 1, 12], [4]]


def test_steps_are_read_one_after_the_other_for_all(reads: BatchedReads) -> None:
    first, second = _Read(), _Read()

    async def resolver(key: int) -> int | None:
        found = await reads.one(first, key)
        return None if found is None else await reads.one(second, found)

    assert reads.answers(map(resolver, (1, 2, 30))) == [4, 8, None]
    assert (first.asked, second.asked) == ([[1, 2, 30]], [[2, 4]])


def test_what_one_wants_together_is_read_with_the_others(reads: BatchedReads) -> None:
    read = _Read()

    async def resolver(key: int) -> list[int | None]:
        return await reads.together([reads.one(read, key), reads.one(read, key + 1)])

    assert reads.answers(map(resolver, (1, 5))) == [[2, 4], [10, 12]]
    assert read.asked == [[1, 2, 5, 6]]


def test_shared_reads_and_work_aside_are_done_once(reads: BatchedReads) -> None:
    done: list[str] = []

    def read(_connection: Connection, word: str) -> str:
        done.append(word)
        return word

    def work() -> int:
        done.append("work")
        return 7

    async def resolver(_: int) -> tuple[str, int]:
        return await reads.once(read, "a"), await reads.aside(work)

    assert reads.answers(map(resolver, range(2))) == [("a", 7), ("a", 7)]
    assert done == ["a", "work"]


def test_long_work_and_event_loops_are_not_planned(reads: BatchedReads) -> None:
    async def sleeper(_: int) -> None:
        await asyncio.sleep(0)

    async def worker(_: int) -> None:
        await reads.beside(lambda _: None)

    for resolver in (sleeper, worker):
        with pytest.raises(NotPlannedError):
            reads.answers(map(resolver, range(2)))


def test_nothing_is_read_for_whom_nobody_waits() -> None:
    reading, read, engine = Reading(), _Read(), create_engine("sqlite://")
    with engine.connect() as connection:
        reads = BatchedReads(connection, reading, KeptRules())
        reading.stop()
        with pytest.raises(InterruptedError, match="nobody waits"):
            reads.answers([reads.one(read, 1)])
    engine.dispose()
    assert read.asked == []
