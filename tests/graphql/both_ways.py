"""Both ways to an answer, plans and resolvers, over one database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from graphql import parse
from sqlalchemy import Engine, event

from kehu.workspace.served import Served
from kehu_graphql.context import Context
from kehu_graphql.planning.planner import Planner
from kehu_graphql.planning.sent import Sent
from kehu_graphql.reads import ReadPool, Reads
from kehu_graphql.schema import KehuSchema, build_schema
from kehu_graphql.subscriptions.watcher import Watcher
from kehu_graphql.types.customer import customer_node

NOW = datetime(2026, 2, 10, tzinfo=UTC)
BUILT = build_schema()


@dataclass(frozen=True, slots=True)
class Bench:
    """Both ways to an answer, over one database."""

    engine: Engine
    schema: KehuSchema
    planner: Planner
    pool: ReadPool

    def context(self) -> Context:
        """Of one request."""
        served = Served("small carrier", lambda: NOW)
        return Context(Reads(self.pool), served, customer_node, "", None, Watcher(self.engine, self.pool))

    async def resolved(self, query: str, variables: dict[str, Any]) -> Any:
        """The resolvers' data; nothing may fail."""
        result = await self.schema.execute(query, variables, self.context())
        assert result.errors is None, (query, variables, result.errors)
        return result.data

    async def planned(self, query: str, variables: dict[str, Any]) -> bytes | None:
        """The plan's answer to a document that was seen before."""
        self.planner.learn(query, None, parse(query))
        return await self.planner.answer(Sent(query, None, variables), self.context())


def both_ways(engine: Engine, work: Callable[[Bench], Awaitable[None]]) -> None:
    """Does the work with both of them."""

    async def run() -> None:
        pool = ReadPool(engine)
        try:
            await work(Bench(engine, BUILT, Planner(BUILT, pool), pool))
        finally:
            pool.close()

    asyncio.run(run())


def compact(answer: bytes | None) -> bytes | None:
    """Without the blanks that PostgreSQL puts between words of JSON."""
    return None if answer is None else orjson.dumps(orjson.loads(answer))


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The reads within the block; those of plans are not seen."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
