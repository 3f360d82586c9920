"""Whom a condition would take."""

from datetime import datetime

import strawberry

from kehu.pipeline.previewing import Preview
from kehu_graphql.types.customer import Customer, customer_node
from kehu_graphql.types.rule_directory import RuleProblem


@strawberry.type(description="Whom a condition that no rule file has yet would take, exactly and over all customers.")
class RulePreview:
    as_of: datetime = strawberry.field(description="The instant the condition was asked at, UTC.")
    problems: list[RuleProblem] = strawberry.field(
        description="What is wrong with the expression; then nothing was counted and the figures are null."
    )
    customers: int | None = strawberry.field(description="All customers.")
    taken: int | None = strawberry.field(description="Customers that meet the condition.")
    share: float | None = strawberry.field(description="taken over customers, 0 to 1; null while there is nobody.")
    failed: int | None = strawberry.field(
        description="Customers for whom it cannot be computed, as a division by zero; they are not taken."
    )
    entering: int | None = strawberry.field(
        description="Customers taken that are not in the level compared with; null where none was given."
    )
    leaving: int | None = strawberry.field(
        description="Customers in the level compared with that are not taken; null where none was given."
    )
    sample: list[Customer] = strawberry.field(
        description="The first of those taken, in the order they came to be known."
    )


def preview_value(found: Preview) -> RulePreview:
    """The preview as clients see it."""
    return RulePreview(
        as_of=found.as_of,
        problems=[],
        customers=found.customers,
        taken=found.taken,
        share=found.taken / found.customers if found.customers else None,
        failed=found.failed,
        entering=found.entering,
        leaving=found.leaving,
        sample=[customer_node(row) for row in found.sample],
    )


def refused_preview(as_of: datetime, problems: list[RuleProblem]) -> RulePreview:
    """What is told of a wrong expression."""
    unknown = dict.fromkeys(("customers", "taken", "share", "failed", "entering", "leaving"))
    return RulePreview(as_of=as_of, problems=problems, sample=[], **unknown)
