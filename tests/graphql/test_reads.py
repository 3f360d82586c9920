"""What one request reads."""

import asyncio

from sqlalchemy import Connection, Engine, func, insert, select

from kehu.tables.facts import departments
from kehu_graphql.reads import OPEN_SNAPSHOTS, ReadPool, Reads


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
