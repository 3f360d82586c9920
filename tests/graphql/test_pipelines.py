"""Statements sent to PostgreSQL at once."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from kehu_graphql import pipelines
from kehu_graphql.pipelines import PIPELINES, Asked, Pipelines

_PID = Asked(b"SELECT pg_backend_pid()", ())


@pytest.fixture(scope="module")
def engine(postgres_server: str) -> Engine:
    """Of a database that nothing is written to."""
    return create_engine(postgres_server.replace("postgresql://", "postgresql+psycopg://"))


def _with(engine: Engine, work: Callable[[Pipelines], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        lines = Pipelines(engine)
        found = await work(lines)
        lines.close()
        return found

    found = asyncio.run(run())
    engine.dispose()
    return found


def test_values_come_as_the_driver_reads_them(engine: Engine) -> None:
    sql = b"SELECT $1::bigint + 1, $2::text, $3::boolean, $4::timestamptz, $5::text"
    values = (b"41", "客户".encode(), b"t", b"2026-02-28T23:59:59.5+08:00", None)
    at = datetime(2026, 2, 28, 15, 59, 59, 500_000, tzinfo=UTC)
    assert _with(engine, lambda lines: lines.rows([Asked(sql, values)])) == [[(42, "客户", True, at, None)]]


def test_all_that_is_sent_at_once_sees_one_state_and_writes_nothing(engine: Engine) -> None:
    # Another transaction commits while the pause lasts, since it has begun before and waits shorter.
    async def work(lines: Pipelines) -> Any:
        state = Asked(b"SELECT pg_current_snapshot()::text", ())
        asked = lines.rows([state, Asked(b"SELECT 1 FROM pg_sleep(0.1)", ()), state])
        return await asyncio.gather(asked, asyncio.to_thread(_write, engine))

    first, _, second = _with(engine, work)[0]
    assert first == second
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _with(engine, lambda lines: lines.rows([_PID, Asked(b"CREATE TABLE made (id int)", ())]))


def test_whoever_a_pool_gives_the_connection_to_may_write(engine: Engine) -> None:
    async def work(lines: Pipelines) -> Any:
        await lines.rows([_PID, _PID])
        return await lines.rows([Asked(b"SHOW transaction_read_only", ())])

    assert _with(engine, work) == [[("off",)]]


def _write(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_current_xact_id()"))


def test_a_connection_is_kept_until_a_statement_fails(engine: Engine) -> None:
    async def work(lines: Pipelines) -> list[bool]:
        kept = [(await lines.rows([_PID]))[0], (await lines.rows([_PID]))[0]]
        with pytest.raises(psycopg.errors.DivisionByZero):
            await lines.rows([_PID, Asked(b"SELECT 1 / 0", ()), _PID])
        kept.append((await lines.rows([_PID]))[0])
        return [kept[0] == kept[1], kept[1] == kept[2]]

    assert _with(engine, work) == [True, False]


def test_a_connection_that_the_server_ended_is_replaced(engine: Engine) -> None:
    async def work(lines: Pipelines) -> Any:
        ((pid,),) = (await lines.rows([_PID]))[0]
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
        await asyncio.sleep(0.05)
        return (await lines.rows([Asked(b"SELECT 1", ())]))[0]

    assert _with(engine, work) == [(1,)]


def test_whoever_is_cancelled_ends_the_statement(engine: Engine) -> None:
    async def work(lines: Pipelines) -> Any:
        slow = [asyncio.ensure_future(lines.rows([Asked(b"SELECT pg_sleep(60)", ())])) for _ in range(PIPELINES)]
        await asyncio.sleep(0.1)
        for each in slow:
            each.cancel()
        assert all(
            isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*slow, return_exceptions=True)
        )
        asleep = b"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        return await lines.rows([Asked(asleep, ())])

    assert _with(engine, work) == [[(0,)]]


def test_whoever_is_cancelled_is_told_so_though_the_database_does_not_listen(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unheard(_connection: Any, *, timeout: float) -> None:
        raise psycopg.errors.CancellationTimeout(f"not within {timeout}")

    async def work(lines: Pipelines) -> Any:
        slow = asyncio.ensure_future(lines.rows([Asked(b"SELECT pg_sleep(1.5)", ())]))
        await asyncio.sleep(0.1)
        monkeypatch.setattr(psycopg.Connection, "cancel_safe", unheard)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        return await lines.rows([Asked(b"SELECT 1", ())])

    assert _with(engine, work) == [[(1,)]]


def test_a_connection_closed_twice_leaves_alone_who_has_its_number_by_then(engine: Engine) -> None:
    async def work(lines: Pipelines) -> None:
        await lines.rows([_PID])
        (line,) = lines._free
        freed, heard = line._socket, asyncio.Event()
        line.close()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            assert freed in {ours.fileno(), theirs.fileno()}
            mine, other = (ours, theirs) if ours.fileno() == freed else (theirs, ours)
            asyncio.get_running_loop().add_reader(mine, heard.set)
            line.close()
            other.send(b"x")
            await asyncio.wait_for(heard.wait(), 5)
            asyncio.get_running_loop().remove_reader(mine)

    _with(engine, work)


def test_a_statement_of_very_many_values_is_not_kept(engine: Engine) -> None:
    async def work(lines: Pipelines) -> Any:
        many = Asked(b"SELECT 1 WHERE 1 IN (" + b"1," * 10_000 + b"1)", ())
        return await lines.rows([many, Asked(b"SELECT count(*) FROM pg_prepared_statements", ())])

    # The one that asks.
    assert _with(engine, work) == [[(1,)], [(1,)]]


def test_the_oldest_of_many_statements_is_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "_KEPT_STATEMENTS", 2)

    async def work(lines: Pipelines) -> Any:
        asked = [Asked(f"SELECT {number}".encode(), ()) for number in range(4)]
        found = await lines.rows([*asked, asked[0], asked[3]])
        return found, await lines.rows([Asked(b"SELECT count(*) FROM pg_prepared_statements", ())])

    assert _with(engine, work) == ([[(number,)] for number in (0, 1, 2, 3, 0, 3)], [[(2,)]])


def test_a_statement_larger_than_the_socket_takes_at_once_arrives(engine: Engine) -> None:
    long = "x" * 3_000_000
    found = _with(engine, lambda lines: lines.rows([Asked(b"SELECT $1::text", (long.encode(),))]))
    assert found == [[(long,)]]
