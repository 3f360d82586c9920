"""Operations over a WebSocket: each reads for itself, and its errors are told as over HTTP."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from kehu_graphql.context import Context
from kehu_graphql.failures import presentable


class StreamingSchema(strawberry.Schema):
    """A schema whose streams are fit for clients as they are, and which streams what is subscribed to alone."""

    async def execute(self, *args: Any, **options: Any) -> Any:
        """One answer; strawberry's refusal for a subscription, which has many."""
        allowed = set(options.get("allowed_operation_types") or OperationType) - {OperationType.SUBSCRIPTION}
        return await super().execute(*args, **{**options, "allowed_operation_types": allowed})

    async def stream(self, *args: Any, **options: Any) -> AsyncGenerator[Any, None]:
        """The results, the errors among them made presentable. A connection's operations share its context."""
        context: Context = options["context_value"].anew()
        results = await super().stream(*args, **{**options, "context_value": context})
        return _presented(results, hints=context.served.discovery)


async def _presented(results: AsyncIterator[Any], *, hints: bool) -> AsyncGenerator[Any, None]:
    try:
        async with aclosing(results):
            async for result in results:
                result.errors = [PresentedError(presentable(error, hints=hints)) for error in result.errors or ()]
                yield result
    except GraphQLError as error:
        # The cache of parsed documents lets what cannot be parsed through.
        yield PreExecutionError(data=None, errors=[PresentedError(presentable(error, hints=hints))])


class PresentedError(GraphQLError):
    """An error with the words that clients are told."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__(shown["message"])
        self._shown = shown

    @property
    def formatted(self) -> Any:
        """As over HTTP."""
        return self._shown
