"""Root fields on exports."""

from typing import TYPE_CHECKING

import strawberry

from kehu_graphql.context import Context, Info
from kehu_graphql.failures import NO_WORKSPACE, ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.types.export import Export, export_value

if TYPE_CHECKING:
    from kehu_graphql.exports.exporter import Exporter


@strawberry.type
class ExportQueries:
    """Mixed into the root query."""

    @resolved("The exports of the last 7 days, the last started first.")
    async def exports(self, info: Info) -> list[Export]:
        exporter = exporter_of(info.context)
        return [export_value(state) for state in exporter.folder.states(exporter.clock())]

    @resolved("An export by its id; null for an unknown one and for one that has expired.")
    async def export(self, info: Info, id: strawberry.ID) -> Export | None:  # noqa: A002 (its name in the schema)
        exporter = exporter_of(info.context)
        state = exporter.folder.state(id, exporter.clock())
        return None if state is None else export_value(state)


def exporter_of(context: Context) -> "Exporter":
    """ExpectedError where the server has no workspace to write in, or takes no changes."""
    if context.exporter is None:
        raise ExpectedError("this server writes no exports; it has no workspace or takes no changes", NO_WORKSPACE)
    return context.exporter
