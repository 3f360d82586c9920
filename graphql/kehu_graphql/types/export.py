"""Exports: whole lists as files."""

from datetime import datetime

import strawberry

from kehu_graphql.context import Info
from kehu_graphql.exports.folder import DONE, DOWNLOAD_URL, ExportState
from kehu_graphql.fields import resolved
from kehu_graphql.scalars import BigInt
from kehu_graphql.types.run import Run, run_by_id


@strawberry.type(description="A whole list written as JSON lines, by a job that goes on while others are answered.")
class Export:
    id: strawberry.ID = strawberry.field(description='E.g. "0f8fad5bd9cb469fa16570867728950e"; who has it can read it.')
    status: str = strawberry.field(
        description="running, done, failed, cancelled, or interrupted: its server ended; start it again."
    )
    query: str = strawberry.field(description="What it was started with.")
    author: str = strawberry.field(description="Who started it.")
    rows: BigInt = strawberry.field(
        description='Lines written so far, e.g. "50000"; rows of nested lists are lines too.'
    )
    size_bytes: BigInt = strawberry.field(description='Bytes written so far, e.g. "1048576".')
    url: str | None = strawberry.field(
        description='Where the server has the lines, e.g. "/exports/0f8f….jsonl"; null until it is done.'
    )
    error: str | None = strawberry.field(description="Why it failed; null for others.")
    started_at: datetime = strawberry.field(description="Wall clock, UTC.")
    finished_at: datetime | None = strawberry.field(description="Wall clock, UTC; null while it runs.")
    expires_at: datetime = strawberry.field(description="From then on it is gone, 7 days after it was started; UTC.")
    state: strawberry.Private[ExportState]

    @resolved("The run that was published in the state of the database that it read; null before it has begun.")
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.state.run)


def export_value(state: ExportState) -> Export:
    """An export as clients see it."""
    return Export(
        id=strawberry.ID(state.id),
        status=state.status,
        query=state.query,
        author=state.author,
        rows=BigInt(state.rows),
        size_bytes=BigInt(state.size_bytes),
        url=f"{DOWNLOAD_URL}/{state.id}.jsonl" if state.status == DONE else None,
        error=state.error,
        started_at=state.started_at,
        finished_at=state.finished_at,
        expires_at=state.expires_at,
        state=state,
    )
