"""Why a customer stands where it stands by the rules as they are now, clause by clause."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from kehu.model import feature_types
from kehu.pipeline.explaining import CustomerExplanation
from kehu.rules import truths, verdicts
from kehu_graphql.fields import resolved
from kehu_graphql.scalars import Locale, label_text
from kehu_graphql.types.customer import Customer, customer_node
from kehu_graphql.types.membership import FeatureValue, NextLevel, next_level_value


@strawberry.type(description="A feature of one customer, with what it means.")
class ExplainedFeature:
    name: str = strawberry.field(description='E.g. "revenue_365d".')
    unit: str = strawberry.field(description='What it is counted in, e.g. "CNY".')
    meaning: str = strawberry.field(description="A sentence on what is counted, and over which window.")
    value: JSON | None = strawberry.field(
        description='Null when it is unknown; an amount is exact decimal text, e.g. "48200.00".'
    )
    info: strawberry.Private[feature_types.FeatureInfo]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.info.label, locale)


@strawberry.type(description="A condition or a part of one; parts follow their whole, one level deeper.")
class ExplainedClause:
    text: str = strawberry.field(description="As the rule file has it, on one line.")
    depth: int = strawberry.field(
        description="How many levels below the whole condition: 0 for itself, 1 for its parts."
    )
    joined: str = strawberry.field(
        description='How its parts make it up, e.g. "and" (or "or", "not", "sum"); "" without parts.'
    )
    state: str = strawberry.field(
        description="true, false, unknown (counts as false), failed (cannot be computed) or skipped (not evaluated)."
    )
    is_deciding: bool = strawberry.field(description="It made the whole condition what it is.")
    values: list[FeatureValue] = strawberry.field(description="The features that it names.")


@strawberry.type(description="What the rules say of one level or warning.")
class ExplainedAnswer:
    code: str = strawberry.field(description='The level or warning, e.g. "vip".')
    holds: bool = strawberry.field(description="The customer is in the level, or the warning fires.")
    clauses: list[ExplainedClause] = strawberry.field(
        description="The condition taken apart; empty for the level that takes the rest."
    )
    lacks: str | None = strawberry.field(
        description='What is missing to meet it, in words, e.g. "revenue_365d >= 60,000.00"; null where nothing tells.'
    )
    reason: str | None = strawberry.field(description="The sentence of a warning that fires; null otherwise.")
    kept_until: datetime | None = strawberry.field(
        description="The level is held although its condition is not met, until this instant, UTC; null otherwise."
    )
    decided_by_hand: str | None = strawberry.field(
        description='What a person decided against the rule, e.g. "include" (or "exclude"); null where nobody did.'
    )
    label_: strawberry.Private[feature_types.Label]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.label_, locale)


@strawberry.type(description="One rule set's answers for a customer.")
class ExplainedRuleSet:
    code: str = strawberry.field(description='The rule set, e.g. "service_tier".')
    kind: str = strawberry.field(description="tier, flag, score or warning.")
    holding: list[str] = strawberry.field(description="The codes of the levels or warnings that hold.")
    answers: list[ExplainedAnswer] = strawberry.field(description="Each level or warning, in the order of the file.")
    next_level: NextLevel | None = strawberry.field(
        description="How far the next better level of a tier is; null for the best level and for other kinds."
    )
    differs: bool = strawberry.field(
        description="The published run answers otherwise: something changed since, or another instant was asked for."
    )


@strawberry.type(description="Why a customer has its levels and warnings by the rules as they are now.")
class Explanation:
    customer: Customer = strawberry.field(description="Whom it is about.")
    as_of: datetime = strawberry.field(description="The instant the rules were asked at, UTC.")
    rule_sets: list[ExplainedRuleSet] = strawberry.field(description="In the order of the rule directory.")
    features: list[ExplainedFeature] = strawberry.field(description="The features that rules may ask for, by name.")
    not_in_force: list[str] = strawberry.field(description="Rule sets asked for without a version in force then.")


def explanation_value(found: CustomerExplanation) -> Explanation:
    """The explanation as clients see it."""
    known = {info.name: info for info in found.infos}
    return Explanation(
        customer=customer_node(found.customer),
        as_of=found.as_of,
        rule_sets=[_rule_set(found, verdict) for verdict in found.verdicts],
        features=[
            ExplainedFeature(
                name=name,
                unit=known[name].unit,
                meaning=known[name].meaning,
                value=_stored(value, known[name].type),
                info=known[name],
            )
            for name, value in sorted(found.features.items())
            if name in known
        ],
        not_in_force=list(found.not_in_force),
    )


def _rule_set(found: CustomerExplanation, verdict: verdicts.Verdict) -> ExplainedRuleSet:
    return ExplainedRuleSet(
        code=verdict.ruleset,
        kind=verdict.kind,
        holding=list(verdict.holding),
        answers=[_answer(answer) for answer in verdict.answers],
        next_level=None if verdict.next is None else next_level_value(verdict.next),
        differs=found.differs(verdict),
    )


def _answer(answer: verdicts.Answer) -> ExplainedAnswer:
    clauses = [] if answer.condition is None else list(_clauses(answer.condition, answer.decided_by, 0))
    return ExplainedAnswer(
        code=answer.code,
        holds=answer.holds,
        clauses=clauses,
        lacks=None if answer.need is None else answer.need.text,
        reason=answer.reason or None,
        kept_until=None if answer.kept is None else answer.kept.drops_at,
        decided_by_hand=None if answer.by_hand is None else answer.by_hand.effect,
        label_=answer.label,
    )


def _clauses(truth: truths.Truth, decided_by: tuple[truths.Truth, ...], depth: int) -> Iterator[ExplainedClause]:
    yield ExplainedClause(
        text=truth.text,
        depth=depth,
        joined=truth.joined,
        state=truth.state,
        is_deciding=truth in decided_by,
        values=[FeatureValue(name=name, value=_shown(value)) for name, value in truth.values],
    )
    for part in truth.parts:
        yield from _clauses(part, decided_by, depth + 1)


def _stored(value: Any, kind: feature_types.FeatureType) -> JSON | None:
    """A value of a feature's column; a scaled integer is an exact decimal."""
    return _shown(Decimal(value).scaleb(-kind.scale) if kind.kind == "decimal" and value is not None else value)


def _shown(value: Any) -> JSON | None:
    """A value of the interpreter as JSON has it: instants ISO in UTC, decimals exact texts."""
    match value:
        case Decimal():
            return cast("JSON", f"{value:f}")
        case datetime():
            return cast("JSON", value.isoformat())
        case list() | tuple():
            return cast("JSON", [_shown(each) for each in value])
    return cast("JSON | None", value)
