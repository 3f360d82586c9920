"""When a query is ended: after its time, and when nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import cast

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from kehu_graphql.context import Context
from kehu_graphql.failures import TIMEOUT, ExpectedError


@dataclass(frozen=True, slots=True)
class Work:
    """What is ended after its time, and how less of it is asked for."""

    name: str
    remedy: str


QUERY = Work("the query", "ask for less: fewer rows, no totalCount, a narrower 'where'")
EVENT = Work("the event", "select less of it, and ask for the rest by a query; the next events are told")


class Deadline(SchemaExtension):
    """Ends a query, and the statement it waits for, after so many seconds (0: never) or when its client has left.

    A change is never ended: it may have been made by the time that its client is told otherwise.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def on_execute(self) -> AsyncIterator[None]:
        if self.execution_context.operation_type is not OperationType.QUERY:
            yield
            return
        async with within(self._seconds, cast("Context", self.execution_context.context)):
            yield


@asynccontextmanager
async def within(seconds: float, context: Context, work: Work = QUERY) -> AsyncIterator[None]:
    """Ends the block so; ExpectedError after its time."""
    try:
        with nullcontext() if context.presence is None else context.presence.required():
            async with asyncio.timeout(seconds or None):
                yield
    except TimeoutError:
        said = f"{work.name} took longer than {seconds:g} seconds and was ended"
        raise ExpectedError(f"{said}; {work.remedy}", TIMEOUT) from None
