"""Looking after warnings: taken care of, and what came of them."""

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place
from kehu.pipeline.handling_warnings import Handling, acknowledge, close
from kehu_graphql.changing import changed, in_bulk, rows_of
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.nodes import key_of
from kehu_graphql.types.change import BulkInput, ChangeInput, Payload, UserError
from kehu_graphql.types.warning import ChurnWarning, warning_by_id


@strawberry.input(description="Warnings that somebody takes care of from now on.")
class WarningsAcknowledgeInput(BulkInput):
    ids: list[strawberry.ID] = strawberry.field(description="Of the warnings, 1 to 500.")


@strawberry.input(description="A warning of which it is known what came of it.")
class WarningCloseInput(ChangeInput):
    id: strawberry.ID = strawberry.field(description="Of the warning.")
    outcome: str = strawberry.field(description='What was done and whether it helped, e.g. "new price, stays".')
    expected_version: str | None = strawberry.field(
        default=None, description="Refuse it when the warning's `version` is another by now; null takes any."
    )


@strawberry.type(description="What became of one warning.")
class WarningRow:
    index: int = strawberry.field(description="Its place in `ids`, from 0.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
    answer: strawberry.Private[Answer]

    @resolved("The warning as it is now; null where it was refused.")
    async def warning(self, info: Info) -> ChurnWarning | None:
        return await warning_by_id(info.context, self.answer.get("warning"))


@strawberry.type(description="Warnings acknowledged.")
class WarningsAcknowledgePayload(Payload):
    @resolved("One per entry of `ids`, in their order; none when all was refused.")
    async def rows(self) -> list[WarningRow]:
        return [WarningRow(index=row.index, user_errors=row.errors, answer=row.answer) for row in rows_of(self.answer)]


@strawberry.type(description="A warning closed.")
class WarningClosePayload(Payload):
    @resolved("The warning as it is now; null when it was refused.")
    async def warning(self, info: Info) -> ChurnWarning | None:
        return await warning_by_id(info.context, self.answer.get("warning"))


@strawberry.type
class WarningMutations:
    """Mixed into the root mutation."""

    @change("Take care of warnings: their state becomes acknowledged, so that nobody else starts on them.")
    async def warnings_acknowledge(
        self,
        info: Info,
        input: WarningsAcknowledgeInput,  # noqa: A002 (its name in the schema)
    ) -> WarningsAcknowledgePayload:
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            def one(step: Connection, node: strawberry.ID, path: str) -> Answer:
                handling = Handling(key_of("Warning", node, path), info.context.author, Place(path))
                return {"warning": acknowledge(step, handling, clock=desk.clock).id}

            return in_bulk(connection, input.ids, one, input.error_policy, name="ids")

        return await changed(info.context, "warningsAcknowledge", input, make, WarningsAcknowledgePayload)

    @change("Say what came of a warning: its state becomes closed. A run clears it when its condition ends, as ever.")
    async def warning_close(
        self,
        info: Info,
        input: WarningCloseInput,  # noqa: A002
    ) -> WarningClosePayload:
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            number = key_of("Warning", input.id, "input.id")
            handling = Handling(number, info.context.author, Place("input.id"), input.expected_version)
            return {"warning": close(connection, handling, input.outcome, clock=desk.clock).id}

        return await changed(info.context, "warningClose", input, make, WarningClosePayload)
