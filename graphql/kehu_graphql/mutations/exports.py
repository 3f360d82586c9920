"""Exports started and cancelled."""

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu_graphql.changing import acted, changed
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.exports.folder import RUNNING, new_key
from kehu_graphql.fields import change, resolved
from kehu_graphql.roots.exports import exporter_of
from kehu_graphql.types.change import ChangeInput, Payload
from kehu_graphql.types.export import Export, export_value


@strawberry.input(description="A list to export.")
class ExportStartInput(ChangeInput):
    query: str = strawberry.field(
        description="A query with one root field, a connection without page arguments and variables, e.g. "
        '"{ customers { nodes { id name shipments { nodes { number } } } } }". Lists of its rows may stand in them.'
    )


@strawberry.input(description="An export.")
class ExportCancelInput(ChangeInput):
    id: strawberry.ID = strawberry.field(description="Of the export.")


@strawberry.interface(description="What a change of an export answers.")
class ExportChanged(Payload):
    @resolved("The export as it is now; null where it was refused, and in a dry run.")
    async def export(self, info: Info) -> Export | None:
        exporter, key = exporter_of(info.context), self.answer.get("export")
        state = None if key is None else exporter.folder.state(key, exporter.clock())
        return None if state is None else export_value(state)


@strawberry.type(description="An export started.")
class ExportStartPayload(ExportChanged): ...


@strawberry.type(description="An export told to end, which it does within a page.")
class ExportCancelPayload(ExportChanged): ...


@strawberry.type
class ExportMutations:
    """Mixed into the root mutation."""

    @change("Write a whole list as JSON lines, to be fetched from the export's `url` when it is done.")
    async def export_start(self, info: Info, input: ExportStartInput) -> ExportStartPayload:  # noqa: A002 (its name in the schema)
        exporter = exporter_of(info.context)

        def make(_desk: WriteDesk, _connection: Connection) -> Answer:
            exporter.check(input.query)
            return {"export": new_key()}

        payload = await changed(info.context, "exportStart", input, make, ExportStartPayload)
        if not (payload.user_errors or payload.is_dry_run or payload.is_replay):
            await exporter.start(payload.answer["export"], input.query, info.context.author)
        return payload

    @change("End an export that goes on, on whichever server; nothing of it is kept.")
    async def export_cancel(self, info: Info, input: ExportCancelInput) -> ExportCancelPayload:  # noqa: A002
        exporter = exporter_of(info.context)

        def check(_desk: WriteDesk, _connection: Connection) -> Answer:
            state = exporter.folder.state(input.id, exporter.clock())
            if state is None:
                raise _refusal("unknown-export", f"there is no export '{input.id}'", "read the exports again")
            if state.status != RUNNING:
                raise _refusal(
                    "not-running", f"the export does not go on: it is {state.status}", "nothing is to be ended"
                )
            return {"export": state.id}

        def end() -> None:
            exporter.folder.cancel(input.id)

        return await acted(info.context, "exportCancel", input, check, ExportCancelPayload, end)


def _refusal(check: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place("input.id"), check, message, remedy)])
