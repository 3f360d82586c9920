"""Which level a customer is in, since when, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from kehu.model.feature_types import Label
from kehu.reader import definitions, memberships
from kehu.reader.next_levels import next_level_of
from kehu.rules import next_level
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.types.override import Override, override_by_id
from kehu_graphql.types.rule_set import Level, RuleSet, level_node, rule_set_node
from kehu_graphql.types.run import Run, run_by_id


@strawberry.type(description="A feature and its value when the decision was made.")
class FeatureValue:
    name: str = strawberry.field(description='E.g. "shipments_90d".')
    value: JSON | None = strawberry.field(description="Null when it was unknown.")


@strawberry.type(description="Why: the condition that held and the values it held over.")
class Reasons:
    when: str | None = strawberry.field(description="The condition; null for a level that takes the rest.")
    features: list[FeatureValue] = strawberry.field(description="By name.")


@strawberry.type(description="A clause of a condition that is not met, and what lacks.")
class MissingClause:
    feature: str | None = strawberry.field(description="Null when the clause compares no feature with a constant.")
    value: JSON | None = strawberry.field(description="The feature's value; null when it was unknown.")
    wants: str = strawberry.field(description='The comparison, e.g. ">= 60000"; without a feature the whole clause.')
    lacks: JSON | None = strawberry.field(
        description="The positive amount up to the nearest value that will do; null when there is no such amount."
    )


@strawberry.type(description="How far a customer is from the next better level of a tier.")
class NextLevel:
    level: str = strawberry.field(description="Its code.")
    missing: list[MissingClause] = strawberry.field(
        description="What is not met, all of it to be met; of alternatives the nearest. Empty when a person decided."
    )


@strawberry.type(description="A customer in a level for an interval of time.")
class SegmentMembership(Node):
    since: datetime = strawberry.field(description="As-of instant of the run that put the customer in, UTC.")
    until: datetime | None = strawberry.field(
        description="As-of instant of the run that took the customer out, UTC; null while it holds."
    )
    reasons: Reasons = strawberry.field(description="Why the customer came in.")
    below_since: datetime | None = strawberry.field(
        description="Since when the level is kept although its condition is not met, UTC; null while it is met."
    )
    drops_at: datetime | None = strawberry.field(
        description="First instant at which a run takes the level away if nothing changes, UTC; null while it is met."
    )
    held_since: datetime | None = strawberry.field(
        description="As of when the customer had the level before a rollback gave it back, UTC; null for others."
    )
    row: strawberry.Private[memberships.Membership]
    as_of_run: strawberry.Private[int | None] = None

    @resolved("The question the level answers.")
    async def rule_set(self, info: Info) -> RuleSet:
        return rule_set_node(await _version(info.context, self))

    @resolved("The level, with what it grants.")
    async def level(self, info: Info) -> Level:
        version = await _version(info.context, self)
        return level_node(version, _level_of(version, self.row.level))

    @resolved("The run that put the customer in.")
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.row.from_run_id)

    @resolved(
        "What the customer lacked for the next better level when the membership began; null for the best level, for "
        "flags, and where it is not known: for who came in by hand, and for memberships that began before it was kept."
    )
    async def next_level(self, info: Info) -> NextLevel | None:
        version = await _decided_by(info.context, self.row)
        found = next_level_of(version, self.row.level, self.row.reasons, self.row.since)
        return None if found is None else next_level_value(found)

    @resolved("The person's decision that put the customer here; null when the rules did.")
    async def override(self, info: Info) -> Override | None:
        return await override_by_id(info.context, self.row.override_id)

    @resolved("The run that took the customer out; null while the membership holds.")
    async def until_run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.row.until_run_id)


def membership_node(row: memberships.Membership, as_of_run: int | None = None) -> SegmentMembership:
    """A membership as clients see it, or as they saw it when `as_of_run` was published."""
    return SegmentMembership(
        id=node_id("SegmentMembership", row.id),
        since=row.since,
        until=row.until,
        reasons=reasons_value(row.reasons),
        below_since=row.below_since,
        drops_at=row.drops_at,
        held_since=row.held_since,
        row=row,
        as_of_run=as_of_run,
    )


def reasons_value(reasons: Mapping[str, Any]) -> Reasons:
    """Reasons as clients see them; features by name, since PostgreSQL does not keep their order."""
    features = reasons.get("features") or {}
    return Reasons(
        when=reasons.get("when"),
        features=[FeatureValue(name=name, value=cast("JSON", value)) for name, value in sorted(features.items())],
    )


def next_level_value(found: next_level.NextLevel) -> NextLevel:
    """The next level as clients see it."""
    return NextLevel(
        level=found.level,
        missing=[
            MissingClause(
                feature=each.feature,
                value=cast("JSON", each.value),
                wants=each.wants,
                lacks=cast("JSON", each.lacks),
            )
            for each in found.missing
        ],
    )


async def _version(context: Context, node: SegmentMembership) -> definitions.RuleSet:
    """What the published run uses for a membership that holds, else the version that decided."""
    row = node.row
    if node.as_of_run is not None:
        return (await context.reads.once(definitions.rule_sets_of, node.as_of_run))[row.ruleset]
    published = await context.reads.once(definitions.published_rule_sets)
    if row.until_run_id is None and row.ruleset in published:
        return published[row.ruleset]
    return await _decided_by(context, row)


async def _decided_by(context: Context, row: memberships.Membership) -> definitions.RuleSet:
    past = await context.reads.one(definitions.rule_sets_by_digest, row.digest)
    if past is None:
        raise LookupError(f"membership {row.id}: no rule version '{row.digest}'")
    return past


def _level_of(version: definitions.RuleSet, code: str) -> definitions.Level:
    found = version.level(code)
    if found is not None:
        return found
    label = Label(en=code, zh=code)
    return definitions.Level(code=code, label=label, when=None, otherwise=False, treatment={}, members=None)
