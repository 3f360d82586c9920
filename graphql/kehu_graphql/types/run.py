"""Runs: when each computed what, and which one readers see."""

from datetime import datetime
from typing import cast

import strawberry
from strawberry.scalars import JSON

from kehu.reader import runs
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id


@strawberry.type(description="One bulk re-segmentation of every customer.")
class Run(Node):
    number: int = strawberry.field(description="Counts up; later runs have greater numbers.")
    as_of: datetime = strawberry.field(description="The instant it pretends to be at, UTC.")
    state: str = strawberry.field(description="running, published, failed or dry.")
    engine: str = strawberry.field(description='What computed it, e.g. "polars".')
    rule_digest: str = strawberry.field(description="Of all rule files; equal digests decide alike.")
    feature_digest: str = strawberry.field(description="Of all feature declarations.")
    customers: int | None = strawberry.field(description="How many it looked at; null until it has counted.")
    started_at: datetime = strawberry.field(description="Wall clock, UTC.")
    finished_at: datetime | None = strawberry.field(description="Wall clock, UTC; null while it runs.")
    counts: JSON | None = strawberry.field(description="Members per rule set and level, and what changed.")
    timings: JSON | None = strawberry.field(description="Seconds per step.")
    error: str | None = strawberry.field(description="Why it failed.")

    @resolved("Whether this is the run that readers see.")
    async def is_current(self, info: Info) -> bool:
        current = await info.context.reads.once(runs.published)
        return current is not None and current.run_id == int(self.number)


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
        timings=cast("JSON | None", row.timings),
        error=row.error,
    )


async def run_by_id(context: Context, key: int | None) -> Run | None:
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(runs.runs_by_id, key)
    return None if found is None else run_node(found)
