"""What one request reads."""

import asyncio
from collections.abc import Sequence
from threading import Event, Semaphore

from sqlalchemy import Connection, Engine, func, insert, select

from kehu.tables.facts import departments
from kehu_graphql.reads import BESIDE, OPEN_SNAPSHOTS, ReadPool, Reads


def _named(connection: Connection, names: tuple[str, ...]) -> int:
    return connection.scalar(select(func.count()).select_from(departments).where(departments.c.name.in_(names))) or 0


def _add(engine: Engine, number: int) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(insert(departments).values(id=number, name=f"d{number}"))


def test_a_snapshot_does_not_see_what_is_written_after_its_first_read(database: Engine) -> None:
    async def ask() -> list[int]:
        pool = ReadPool(database)
        reads = Reads(pool)
        async with reads.snapshot():
            found = [await reads.once(_named, ("d1", "d2"))]
            _add(database, 1)
            found.append(await reads.once(_named, ("d1", "d2", "d3")))
        found.append(await reads.once(_named, ("d1", "d2", "d3", "d4")))
        pool.close()
        return found

    assert asyncio.run(ask()) == [0, 0, 1]


def test_more_requests_than_snapshots_wait_for_one_another(sqlite_database: Engine) -> None:
    async def one(pool: ReadPool, number: int) -> int:
        reads = Reads(pool)
        async with reads.snapshot():
            return await reads.once(_named, (f"d{number}",)) + await reads.once(_named, ("d", "e"))

    async def ask() -> list[int]:
        pool = ReadPool(sqlite_database)
        found = await asyncio.gather(*(one(pool, number) for number in range(3 * OPEN_SNAPSHOTS)))
        pool.close()
        return found

    assert asyncio.run(ask()) == [0] * 3 * OPEN_SNAPSHOTS


def test_a_snapshot_is_given_back_however_often_its_request_is_cancelled(sqlite_database: Engine) -> None:
    begun, over = Semaphore(0), Event()

    def slow(_connection: Connection, keys: Sequence[int]) -> dict[int, int]:
        begun.release()
        over.wait(60)
        return dict.fromkeys(keys, 0)

    async def one(pool: ReadPool) -> int | None:
        reads = Reads(pool)
        async with reads.snapshot():
            return await reads.one(slow, 1)

    async def ask() -> int | None:
        pool = ReadPool(sqlite_database)
        for _ in range(OPEN_SNAPSHOTS):
            over.clear()
            asked = asyncio.ensure_future(one(pool))
            await asyncio.to_thread(begun.acquire)
            # First its time is over, then its client leaves; what is read goes on meanwhile.
            for _ in range(2):
                asked.cancel()
                await asyncio.sleep(0.05)
            over.set()
            await asyncio.wait([asked])
            assert asked.cancelled()
        found = await asyncio.wait_for(one(pool), 60)
        pool.close()
        return found

    assert asyncio.run(ask()) == 0


def test_long_work_counts_until_it_has_ended_though_nobody_waits(sqlite_database: Engine) -> None:
    begun, over = Semaphore(0), Event()

    def work(_engine: Engine) -> bool:
        begun.release()
        return over.wait(60)

    async def ask() -> int:
        pool = ReadPool(sqlite_database)
        working = [asyncio.ensure_future(pool.beside(work)) for _ in range(2 * BESIDE)]
        for _ in range(BESIDE):
            await asyncio.to_thread(begun.acquire)
        for each in working[:BESIDE]:
            each.cancel()
        await asyncio.wait(working[:BESIDE])
        await asyncio.sleep(0.05)
        others = begun.acquire(blocking=False)
        found = await asyncio.wait_for(pool.run(_named, ("d",)), 60)
        over.set()
        assert await asyncio.gather(*working[BESIDE:]) == [True] * BESIDE
        pool.close()
        assert not others
        return found

    assert asyncio.run(ask()) == 0
