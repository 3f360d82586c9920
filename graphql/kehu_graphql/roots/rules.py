"""Root fields on rule sets and runs."""

import strawberry

from kehu.model.problems import did_you_mean
from kehu.reader import runs as run_reader
from kehu.reader.definitions import published_rule_sets
from kehu.reader.features import all_served
from kehu.tables.runs import RUN_STATES
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging, connection
from kehu_graphql.context import Info
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import numeric_key, split_node_id
from kehu_graphql.published import known_rule_set
from kehu_graphql.types.feature import Feature, feature_value
from kehu_graphql.types.rule_directory import RuleDirectory, rule_directory_value
from kehu_graphql.types.rule_set import RuleSet, rule_set_node
from kehu_graphql.types.run import Run, run_by_id, run_node

_RUN_CURSORS = Cursors("runs", ("whole",))


@strawberry.type
class RuleQueries:
    """Mixed into the root query."""

    @resolved("The published run's rule sets in the order of the rule directory.")
    async def rule_sets(self, info: Info) -> list[RuleSet]:
        published = await info.context.reads.once(published_rule_sets)
        return [rule_set_node(row) for row in published.values()]

    @resolved("One of the published run's rule sets by its code; an unknown code is an error.")
    async def rule_set(self, info: Info, code: str) -> RuleSet:
        return rule_set_node(await known_rule_set(info.context, code))

    @resolved("The features whose values every run keeps, by code; none before the first run that keeps some.")
    async def features(self, info: Info) -> list[Feature]:
        return [feature_value(row) for row in (await info.context.reads.once(all_served)).values()]

    @resolved("The rule files as they stand, used by a run or not; null where the server looks at none.")
    async def rule_directory(self, info: Info) -> RuleDirectory | None:
        look = info.context.served.rules
        return None if look is None else rule_directory_value(look())

    @resolved('Runs, the last started first; in one state only when given, e.g. "failed".')
    async def runs(
        self, info: Info, state: str | None = None, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Run]:
        if state is not None and state not in RUN_STATES:
            raise ExpectedError(f"unknown state '{state}'; {did_you_mean(state, RUN_STATES)}".rstrip("; "))
        window = Paging(first, after).window(_RUN_CURSORS)
        reads = info.context.reads
        page = await reads.once(run_reader.run_page, state, window)
        return connection(
            page, run_node, window, _RUN_CURSORS, lambda up_to: reads.once(run_reader.count_runs, state, up_to=up_to)
        )

    @resolved("One run by its node id or number; null when there is none.")
    async def run(self, info: Info, id: strawberry.ID) -> Run | None:  # noqa: A002 (its name in the schema)
        kind, key = split_node_id(id)
        return await run_by_id(info.context, numeric_key(key if kind == "Run" else id))

    @resolved("The run that readers see; null before the first is published.")
    async def published_run(self, info: Info) -> Run | None:
        current = await info.context.reads.once(run_reader.published)
        return None if current is None else await run_by_id(info.context, current.run_id)
