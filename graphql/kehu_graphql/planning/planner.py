"""Answers queries by plans and sweeps; what neither can answer is left to the resolvers, whole."""

import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, cast

import orjson
import psycopg
from graphql import DocumentNode, GraphQLError, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.values import VariableValues
from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from strawberry.types.arguments import convert_arguments

from kehu.reader.conditions import Condition, Every
from kehu.reader.customer_pages import Order
from kehu_graphql.conditions import customer_condition
from kehu_graphql.context import Context
from kehu_graphql.deadline import within
from kehu_graphql.kept import Kept
from kehu_graphql.kept_rules import KeptRules
from kehu_graphql.lean import LeanExecutor
from kehu_graphql.planning.batches import BatchedReads
from kehu_graphql.planning.compiling import Compiler
from kehu_graphql.planning.conditions import Form, is_lasting, taken_apart
from kehu_graphql.planning.documents import Document, read_document
from kehu_graphql.planning.plan import RootPlan, many_customers, one_customer
from kehu_graphql.planning.sent import Sent
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.planning.statements import driver_cursor
from kehu_graphql.planning.sweep import Asking, Sweeper, SweptRoot
from kehu_graphql.reads import ReadPool
from kehu_graphql.roots.customers import customer_order
from kehu_graphql.schema import KehuSchema
from kehu_graphql.stopping import Reading

_DRIVER_ERRORS = (sqlite3.Error, psycopg.Error)
# In characters of their documents; a plan is longer than what it answers.
KEPT_DOCUMENTS, KEPT_DRAFTS, KEPT_PLANS, KEPT_CONDITIONS = 250_000, 250_000, 1_000_000, 250_000
# Read in a few milliseconds.
QUICK_ROWS = 2000
# What a place for a value in a kept statement takes, and a swept field, in such characters.
_VALUE_CHARACTERS, _FIELD_CHARACTERS = 40, 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A document's root fields under variables that decide alike; no fields where plans cannot answer it."""

    executor: LeanExecutor | None
    roots: Mapping[str, FieldDetailsList] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What one request gives: its variables, its context, and as text those in conditions; None where that is long."""

    variables: VariableValues
    conditions: bytes | None
    context: Context


# A root field's plan, and what its statements are filled with.
Asked = tuple[RootPlan | SweptRoot, dict[str, Any]]


class Planner:
    """Keeps documents, what they ask for, and the plans of it; one for an application."""

    def __init__(self, schema: KehuSchema, pool: ReadPool) -> None:
        self._schema = schema
        self._core = schema.core
        self._root = cast("GraphQLObjectType", self._core.query_type)
        self._pool = pool
        self._documents: Kept[Document] = Kept(KEPT_DOCUMENTS)
        self._drafts: Kept[Draft] = Kept(KEPT_DRAFTS)
        self.plans: Kept[RootPlan | SweptRoot] = Kept(KEPT_PLANS)
        self._conditions: Kept[tuple[Form, tuple[Order, ...]]] = Kept(KEPT_CONDITIONS)
        schema.learn = self.learn

    def learn(self, query: str, operation_name: str | None, node: DocumentNode) -> None:
        """Remember a document that was found valid and within the limits of its form."""
        if self._documents.get((query, operation_name)) is None:
            document = read_document(self._core, query, node, operation_name)
            if document is not None:
                self._documents.put((query, operation_name), document)

    async def answer(self, sent: Sent, context: Context) -> bytes | None:
        """The answer's bytes; None where the resolvers have to answer. ExpectedError when it took too long."""
        document = self._documents.get((sent.query, sent.operation_name))
        if document is None:
            return None
        async with within(context.served.timeout_seconds, context):
            return await self._tried(document, sent.variables, context)

    async def _tried(self, document: Document, given: Mapping[str, Any], context: Context) -> bytes | None:
        try:
            return await self._answer(document, given, context)
        except (NotPlannedError, GraphQLError, DBAPIError, *_DRIVER_ERRORS):
            # Whatever is wrong with it, the resolvers say so, in their words.
            return None

    async def _answer(self, document: Document, given: Mapping[str, Any], context: Context) -> bytes | None:
        key = (document.query, document.operation_name, document.decided(given))
        draft = self._drafts.get(key)
        if draft is None:
            draft = _draft(document, given)
            self._drafts.put(key, draft)
        variables = document.variables(given)
        if draft.executor is None or variables is None:
            return None
        sweeper = Sweeper(self._schema, draft.executor)
        request = Given(variables, document.narrowed(given), context)
        try:
            asked = [
                await self._asked((*key, name), sweeper, details, request) for name, details in draft.roots.items()
            ]
        except NotPlannedError:
            # Nor will it be the next time.
            self._drafts.put(key, Draft(None))
            return None
        if sweeper.compiled:
            # The executor has collected them, and keeps them as long as it is kept.
            self._drafts.put(key, draft, more=_FIELD_CHARACTERS * sweeper.compiled)
        planned = [(plan, values) for plan, values in asked if isinstance(plan, RootPlan) and not plan.swept]
        if len(planned) == len(asked):
            found = await self._read(planned)
        else:
            found = await self._pool.run_in_one_state(_swept, asked, self._pool.rules, context, variables)
        data = dict(zip(draft.roots, found, strict=True))
        return b'{"data":' + orjson.dumps(data) + b"}"

    async def _read(self, asked: Sequence[tuple[RootPlan, dict[str, Any]]]) -> list[Any]:
        """What the plans answer, of one state."""
        pipelines = self._pool.pipelines
        if pipelines is None:
            return await self._pool.run_raw(lambda cursor: _read(cursor, asked), is_quick=_is_quick(asked))
        rows = iter(await pipelines.rows([each.asked(given) for plan, given in asked for each in plan.statements]))
        return [plan.made(list(islice(rows, len(plan.statements)))) for plan, _ in asked]

    async def _asked(
        self,
        key: tuple[Hashable, ...],
        sweeper: Sweeper,
        details: FieldDetailsList,
        request: Given,
    ) -> Asked:
        """The plan of a root field, and what its statements are filled with."""
        if details[0].node.name.value in _ROOTS and self.plans.get(key) is None:
            try:
                stated = await self._stated(key, sweeper, details, request)
            except NotPlannedError:
                # Not for these values: another type's id.
                return self._swept((*key, "others"), sweeper, details), {}
            if stated is not None:
                return stated
        return self._swept(key, sweeper, details), {}

    def _swept(self, key: tuple[Hashable, ...], sweeper: Sweeper, details: FieldDetailsList) -> SweptRoot:
        plan = self.plans.get(key)
        if not isinstance(plan, SweptRoot):
            plan = sweeper.root(self._root, details)
            self.plans.put(key, plan, more=_FIELD_CHARACTERS * sweeper.compiled)
        return plan

    async def _stated(
        self, key: tuple[Hashable, ...], sweeper: Sweeper, details: FieldDetailsList, request: Given
    ) -> Asked | None:
        """The root field's statements; None where some of it has none, NotPlannedError for values that have none."""
        # Without a condition nothing but parameters is left for the values of a request to say.
        plan = self.plans.get((*key, "for all"))
        if isinstance(plan, RootPlan):
            return plan, plan.parameters(request.variables, ())
        compiler = Compiler(self._core, sweeper.executor, request.variables, self._pool.dialect.name, sweeper)
        form, order = Form(Every(), ()), customer_order(())
        if details[0].node.name.value == "customers":
            form, order = await self._narrowed(key, compiler, details, request)
            if order[0].feature:
                return None
        has_condition = any(each.name.value == "where" for each in details[0].node.arguments or ())
        shape = (*key, form.form, order) if has_condition else (*key, "for all")
        plan = self.plans.get(shape)
        if not isinstance(plan, RootPlan):
            try:
                plan = self._compiled(compiler, details, form.form, order)
            except NotPlannedError:
                return None
            places = sum(len(each.names) for each in plan.statements)
            more = _VALUE_CHARACTERS * places + _FIELD_CHARACTERS * sweeper.compiled
            self.plans.put(shape, plan, more=more)
        return plan, plan.parameters(request.variables, form.values)

    async def _narrowed(
        self, key: tuple[Hashable, ...], compiler: Compiler, details: FieldDetailsList, request: Given
    ) -> tuple[Form, tuple[Order, ...]]:
        """Which customers, and their order, which the key decides; kept where it means the same after the next run."""
        kept = None if request.conditions is None else self._conditions.get((*key, request.conditions))
        if kept is not None:
            return kept
        arguments = self._converted(compiler.arguments("Query", details))
        order = customer_order(arguments.get("order_by") or ())
        condition = await customer_condition(request.context, arguments.get("where"))
        found = taken_apart(condition), order
        if request.conditions is not None and is_lasting(condition):
            more = _VALUE_CHARACTERS * len(found[0].values)
            self._conditions.put((*key, request.conditions), found, more=more)
        return found

    def _compiled(
        self, compiler: Compiler, details: FieldDetailsList, form: Condition, order: tuple[Order, ...]
    ) -> RootPlan:
        dialect = self._pool.dialect
        if details[0].node.name.value == "customers":
            return many_customers(compiler, dialect, details, form, order)
        return one_customer(compiler, dialect, details)

    def _converted(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments of `customers` as its resolver gets them."""
        definition = self._root.fields["customers"].extensions["strawberry-definition"]
        return convert_arguments(
            arguments,
            definition.arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
        )


def _draft(document: Document, given: Mapping[str, Any]) -> Draft:
    executor = document.executor(given)
    if executor is None:
        return Draft(None)
    root = cast("GraphQLObjectType", executor.schema.query_type)
    fragments, variables, operation = executor.fragments, executor.variable_values, executor.operation
    fields = collect_fields(executor.schema, fragments, variables, root, operation).grouped_field_set
    return Draft(executor, fields)


_ROOTS = {"customer", "customers", "node"}


def _swept(
    connection: Connection,
    reading: Reading,
    asked: Sequence[Asked],
    rules: KeptRules,
    context: Context,
    variables: VariableValues,
) -> list[Any]:
    """What plans and sweeps answer, within a transaction."""
    reads = BatchedReads(connection, reading, rules)
    asking = Asking(replace(context, reads=reads), reads, variables)
    with closing(driver_cursor(connection)) as cursor:
        return [
            plan.answer(asking) if isinstance(plan, SweptRoot) else plan.answer_swept(cursor, given, asking)
            for plan, given in asked
        ]


def _is_quick(asked: Sequence[tuple[RootPlan, dict[str, Any]]]) -> bool:
    rows = [plan.rows for plan, _ in asked]
    return None not in rows and sum(each or 0 for each in rows) <= QUICK_ROWS


def _read(cursor: DBAPICursor, asked: Sequence[tuple[RootPlan, dict[str, Any]]]) -> list[Any]:
    """One statement is of one state by itself."""
    if sum(len(plan.statements) for plan, _ in asked) <= 1:
        return _answers(cursor, asked)
    cursor.execute("BEGIN", ())
    try:
        return _answers(cursor, asked)
    finally:
        cursor.execute("ROLLBACK", ())


def _answers(cursor: DBAPICursor, asked: Sequence[tuple[RootPlan, dict[str, Any]]]) -> list[Any]:
    return [plan.made([each.rows(cursor, given) for each in plan.statements]) for plan, given in asked]
