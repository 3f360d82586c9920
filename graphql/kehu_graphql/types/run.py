"""Runs: when each computed what, and which one readers see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from kehu.reader import runs
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.scalars import BigInt


@strawberry.type(description="What a stage of a run took.")
class RunStage:
    stage: str = strawberry.field(description='E.g. "features".')
    seconds: float = strawberry.field(description="Of the wall clock.")
    cpu_seconds: float = strawberry.field(description="Of all threads of the process.")
    peak_bytes: BigInt = strawberry.field(description="The most memory the process had had by the end of the stage.")
    rows: BigInt | None = strawberry.field(description="What the stage made; null where it does not count.")


@strawberry.type(description="One bulk re-segmentation of every customer.")
class Run(Node):
    number: int = strawberry.field(description="Counts up; later runs have greater numbers.")
    as_of: datetime = strawberry.field(description="The instant it pretends to be at, UTC.")
    state: str = strawberry.field(description="running, published, failed, held (by the size guard) or discarded.")
    engine: str = strawberry.field(
        description='What computed it, e.g. "polars"; "rollback" when it brought back what another had.'
    )
    rule_digest: str = strawberry.field(description="Of all rule files; equal digests decide alike.")
    feature_digest: str = strawberry.field(description="Of all feature declarations.")
    customers: int | None = strawberry.field(description="How many it looked at; null until it has counted.")
    started_at: datetime = strawberry.field(description="Wall clock, UTC.")
    finished_at: datetime | None = strawberry.field(
        description="Wall clock, UTC; null while it is computed, for the first time or because it was confirmed."
    )
    counts: JSON | None = strawberry.field(description="Members per rule set and level, and what changed.")
    stages: list[RunStage] = strawberry.field(description="What each stage took, in their order.")
    error: str | None = strawberry.field(
        description="Why it failed, is held, could not be published though confirmed, or was superseded."
    )
    author: str | None = strawberry.field(description="Who rolled back, confirmed or discarded it; null for others.")
    row: strawberry.Private[runs.Run]

    @resolved("Whether this is the run that readers see.")
    async def is_current(self, info: Info) -> bool:
        current = await info.context.reads.once(runs.published)
        return current is not None and current.run_id == int(self.number)

    @resolved("The run that was published until this one was; null for the first and for unpublished ones.")
    async def replaces(self, info: Info) -> "Run | None":
        return await run_by_id(info.context, self.row.replaces_run_id)

    @resolved("The run whose answers a rollback made the published ones again; null for other runs.")
    async def restores(self, info: Info) -> "Run | None":
        return await run_by_id(info.context, self.row.restores_run_id)


def run_node(row: runs.Run) -> Run:
    """A run as clients see it."""
    return Run(
        id=node_id("Run", row.id),
        number=row.id,
        as_of=row.as_of,
        state=row.state,
        engine=row.engine,
        rule_digest=row.rule_digest,
        feature_digest=row.feature_digest,
        customers=row.customers,
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=cast("JSON | None", row.counts),
        stages=[_stage(stage) for stage in row.stages or ()],
        error=row.error,
        author=row.author,
        row=row,
    )


def _stage(stage: Mapping[str, Any]) -> RunStage:
    return RunStage(
        stage=stage["stage"],
        seconds=stage["seconds"],
        cpu_seconds=stage["cpu_seconds"],
        peak_bytes=BigInt(stage["peak_bytes"]),
        rows=None if stage["rows"] is None else BigInt(stage["rows"]),
    )


async def run_by_id(context: Context, key: int | None) -> Run | None:
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(runs.runs_by_id, key)
    return None if found is None else run_node(found)
