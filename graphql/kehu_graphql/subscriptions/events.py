"""One event of a subscription: read as a query is, of one state of the database and within its time."""

from collections.abc import Awaitable
from typing import Any

from graphql import ExecutionResult, OperationType
from graphql.pyutils import AwaitableOrValue

from kehu_graphql.context import Context
from kehu_graphql.deadline import EVENT, within
from kehu_graphql.failures import ExpectedError
from kehu_graphql.lean import LeanExecutor


class EventExecutor(LeanExecutor):
    """What is selected on an event may take as long as a query; after that its error is told, and the next event is."""

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Any]:  # noqa: FBT001 (as graphql-core has it)
        """See graphql-core's Executor.execute_operation, which a subscription asks for each of its events."""
        result = super().execute_operation(serially)
        if self.operation.operation is not OperationType.SUBSCRIPTION or not self.is_awaitable(result):
            return result
        return self._in_time(result, self.context_value)

    async def _in_time(self, result: Awaitable[Any], context: Context) -> Any:
        try:
            async with within(context.served.timeout_seconds, context, EVENT), context.reads.snapshot():
                return await result
        except ExpectedError as late:
            return ExecutionResult(data=None, errors=[late])
