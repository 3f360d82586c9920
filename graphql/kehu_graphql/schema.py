"""The schema: what can be asked, and how a document is checked before it runs."""

from collections.abc import AsyncIterator, Callable, Iterator
from copy import copy
from functools import cache
from typing import cast

import strawberry
from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, NoSchemaIntrospectionCustomRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from kehu_graphql.arguments import describe_arguments
from kehu_graphql.context import Context
from kehu_graphql.deadline import Deadline
from kehu_graphql.documents import KEPT_CHARACTERS, Prepared
from kehu_graphql.examples import show_examples
from kehu_graphql.kept import Kept
from kehu_graphql.limits import MAX_TOKENS, NodeLimit
from kehu_graphql.mutations.customers import CustomerMutations
from kehu_graphql.mutations.events import EventMutations
from kehu_graphql.mutations.exports import ExportMutations
from kehu_graphql.mutations.identity import IdentityMutations
from kehu_graphql.mutations.overrides import OverrideMutations
from kehu_graphql.mutations.runs import RunMutations
from kehu_graphql.mutations.warnings import WarningMutations
from kehu_graphql.roots.aggregates import AggregateQueries
from kehu_graphql.roots.customers import CustomerQueries
from kehu_graphql.roots.exports import ExportQueries
from kehu_graphql.roots.fetching import FetchingQueries
from kehu_graphql.roots.identity import IdentityQueries
from kehu_graphql.roots.loading import LoadingQueries
from kehu_graphql.roots.rules import RuleQueries
from kehu_graphql.roots.trying import TryingQueries
from kehu_graphql.roots.work import WorkQueries
from kehu_graphql.scalars import SCALARS
from kehu_graphql.subscriptions.events import EventExecutor
from kehu_graphql.subscriptions.roots import CursorQueries, Subscription
from kehu_graphql.subscriptions.streaming import StreamingSchema

Learn = Callable[[str, str | None, DocumentNode], None]


def _ignore(_query: str, _operation_name: str | None, _document: DocumentNode) -> None:
    """Nobody wants to know."""


@strawberry.type(description="What can be asked: the customer graph and what the published run says of it.")
class Query(
    CustomerQueries,
    AggregateQueries,
    RuleQueries,
    TryingQueries,
    WorkQueries,
    LoadingQueries,
    IdentityQueries,
    FetchingQueries,
    CursorQueries,
    ExportQueries,
):
    """Every root field, one mixin a subject."""


@strawberry.type(
    description="What can be changed. Root fields run one after the other, each whole or not at all; who asks says the "
    "header Kehu-Author."
)
class Mutation(
    EventMutations,
    CustomerMutations,
    WarningMutations,
    OverrideMutations,
    IdentityMutations,
    RunMutations,
    ExportMutations,
):
    """Every change, one mixin a subject."""


class OneState(SchemaExtension):
    """A query reads one state of the database, as each event of a subscription does. Changes read as they find."""

    async def on_execute(self) -> AsyncIterator[None]:
        context = self.execution_context
        if context.operation_type is not OperationType.QUERY:
            yield
            return
        async with cast("Context", context.context).reads.snapshot():
            yield


class Learning(SchemaExtension):
    """Hands each valid document on; the next request that sends it may be answered by a plan."""

    def __init__(self, schema: "KehuSchema") -> None:
        self._schema = schema

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        if context.query and context.graphql_document is not None and not context.result:
            # The public property names the first operation when the client named none.
            self._schema.learn(context.query, context._provided_operation_name, context.graphql_document)  # noqa: SLF001
        yield


class KehuSchema(StreamingSchema):
    """Errors are logged where they are masked, at the border to the client, and not a second time here.

    `learn` is told of every document that may run, and of its operation's name as the client gave it.
    """

    learn: Learn = staticmethod(_ignore)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: see kehu_graphql.failures."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core executes it."""
        return self._schema


def build_schema(*, discovery: bool = True, timeout_seconds: float = 0) -> KehuSchema:
    """The one schema; rules of analysts never change it. Without `discovery` no document may ask for it.

    A query may take `timeout_seconds`, any time when that is 0.
    """
    rules: list[type[ASTValidationRule]] = [] if discovery else [NoSchemaIntrospectionCustomRule]
    kept = Kept[DocumentNode](KEPT_CHARACTERS)
    schema = copy(_plain_schema())
    schema.extensions = (
        lambda: MaxTokensLimiter(MAX_TOKENS),
        lambda: AddValidationRules(rules),
        lambda: Prepared(schema.core, kept),
        lambda: NodeLimit(schema.core),
        lambda: Learning(schema),
        lambda: Deadline(timeout_seconds),
        OneState,
    )
    return schema


@cache
def _plain_schema() -> KehuSchema:
    """Its types alone, the same for every server of a process, which take a while to make."""
    schema = KehuSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        execution_context_class=EventExecutor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    describe_arguments(schema.core)
    show_examples(schema.core)
    return schema
