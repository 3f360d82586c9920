"""Rule sets and their levels: data with string codes, so that editing a rule changes no type."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from kehu.reader import definitions
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.scalars import Locale, label_text


@strawberry.type(description="What a level grants, as its rule file says.")
class Treatment:
    name: str = strawberry.field(description='What is granted, e.g. "visit_every".')
    value: JSON = strawberry.field(description='How much of it, e.g. "30 days", 0.15 or "executive".')


@strawberry.type(description="Conditions that count for some customers instead of the rule's own.")
class Variant:
    whom: str = strawberry.field(description='Whom it is for, e.g. "region == "华东""; the first that holds counts.')
    when: str = strawberry.field(description="What they have to meet.")
    keep_while: str | None = strawberry.field(description="What lets them keep the level; null for what `when` says.")


@strawberry.type(description="One answer of a rule set; the first level whose condition holds is the customer's.")
class Level(Node):
    code: str = strawberry.field(description='Stable within its rule set, e.g. "vip".')
    when: str | None = strawberry.field(description="The analyst's condition; null for the level that takes the rest.")
    is_otherwise: bool = strawberry.field(description="Takes everyone whom no level before it took.")
    members: int | None = strawberry.field(
        description="Customers in it by the published run; null for a version that run does not use."
    )
    treatment: list[Treatment] = strawberry.field(description="What the level grants.")
    keep_while: str | None = strawberry.field(
        description="The softer condition that lets a customer keep the level; null where `when` decides that too."
    )
    grace_seconds: int = strawberry.field(description="How long the level is kept after what keeps it ceased to hold.")
    minimum_stay_seconds: int = strawberry.field(description="How long the level is kept at least, once entered.")
    variants: list[Variant] = strawberry.field(description="Other thresholds for some customers, in order.")
    row: strawberry.Private[definitions.Level]
    owner: strawberry.Private[definitions.RuleSet]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.row.label, locale)

    @resolved("The question this level answers.")
    def rule_set(self) -> "RuleSet":
        return rule_set_node(self.owner)


@strawberry.type(description="A churn sign that a rule set of kind warning looks for.")
class WarningRule:
    code: str = strawberry.field(description='Stable within its rule set, e.g. "volume_collapse".')
    when: str | None = strawberry.field(description="The analyst's condition.")
    severity: str = strawberry.field(description="low, medium, high or emergency.")
    route: list[str] = strawberry.field(description='Departments told of it, e.g. "account_management".')
    reason: str = strawberry.field(description="The sentence a warning carries, its {features} not filled in.")
    cooldown_seconds: int = strawberry.field(description="How long it keeps quiet after it fired, once it cleared.")
    variants: list[Variant] = strawberry.field(description="Other thresholds for some customers, in order.")
    row: strawberry.Private[definitions.WarningRule]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.row.label, locale)


@strawberry.type(description="One rule file's question, in one version, with its levels in order.")
class RuleSet(Node):
    code: str = strawberry.field(description='Stable, e.g. "service_tier".')
    kind: str = strawberry.field(description="tier, flag, score or warning.")
    description: str | None = strawberry.field(description="What the analyst says of it.")
    levels: list[Level] = strawberry.field(description="Its levels in order: the first that holds is the answer.")
    warnings: list[WarningRule] = strawberry.field(description="The signs it looks for, if its kind is warning.")
    version: str = strawberry.field(description="Digest of the rule file; equal versions decide alike.")
    path: str = strawberry.field(description="The rule file, relative to the workspace.")
    source: str = strawberry.field(description="The rule file's text.")
    effective_from: datetime | None = strawberry.field(
        description="When it comes into force, UTC; null for ever since."
    )
    effective_until: datetime | None = strawberry.field(
        description="When it is in force no more, UTC; null for without end."
    )
    row: strawberry.Private[definitions.RuleSet]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.row.label, locale)


def rule_set_node(row: definitions.RuleSet) -> RuleSet:
    """One version of a rule set."""
    return RuleSet(
        id=node_id("RuleSet", row.digest),
        code=row.code,
        kind=row.kind,
        description=row.description,
        levels=[level_node(row, level) for level in row.levels],
        warnings=[_warning_rule(rule) for rule in row.warnings],
        version=row.digest,
        path=row.path,
        source=row.source,
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        row=row,
    )


def level_node(owner: definitions.RuleSet, row: definitions.Level) -> Level:
    """A level of one version of a rule set."""
    return Level(
        id=node_id("Level", f"{owner.digest}/{row.code}"),
        code=row.code,
        when=row.when,
        is_otherwise=row.otherwise,
        members=row.members,
        treatment=treatments(row.treatment),
        keep_while=row.keep_while,
        grace_seconds=row.grace_seconds,
        minimum_stay_seconds=row.minimum_stay_seconds,
        variants=_variants(row.variants),
        row=row,
        owner=owner,
    )


def treatments(granted: Mapping[str, Any]) -> list[Treatment]:
    """What a level grants, by name: PostgreSQL does not keep the rule file's order."""
    return [Treatment(name=name, value=cast("JSON", value)) for name, value in sorted(granted.items())]


def _warning_rule(row: definitions.WarningRule) -> WarningRule:
    return WarningRule(
        code=row.code,
        when=row.when,
        severity=row.severity,
        route=list(row.route),
        reason=row.reason,
        cooldown_seconds=row.cooldown_seconds,
        variants=_variants(row.variants),
        row=row,
    )


def _variants(rows: tuple[definitions.Variant, ...]) -> list[Variant]:
    return [Variant(whom=row.whom, when=row.when, keep_while=row.keep_while) for row in rows]
