"""When a query is ended: after its time, and when nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import cast

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from kehu_graphql.context import Context
from kehu_graphql.failures import TIMEOUT, ExpectedError


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
async def within(seconds: float, context: Context) -> AsyncIterator[None]:
    """Ends the block so; ExpectedError after its time."""
    try:
        with nullcontext() if context.presence is None else context.presence.required():
            async with asyncio.timeout(seconds or None):
                yield
    except TimeoutError:
        said = f"the query took longer than {seconds:g} seconds and was ended"
        remedy = "ask for less: fewer rows, no totalCount, a narrower 'where'"
        raise ExpectedError(f"{said}; {remedy}", TIMEOUT) from None
