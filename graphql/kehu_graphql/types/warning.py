"""Warnings that fired, with the facts they fired on."""

from datetime import datetime

import strawberry

from kehu.reader import definitions, warnings
from kehu.reader.versions import version_of
from kehu_graphql.context import Context, Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.scalars import Locale, label_text
from kehu_graphql.types.links import CustomerLink
from kehu_graphql.types.membership import Reasons, reasons_value
from kehu_graphql.types.run import Run, run_by_id


@strawberry.type(name="Warning", description="A churn sign that fired for a customer.")
class ChurnWarning(Node):
    rule_set_code: str = strawberry.field(description='The rule set that watches for it, e.g. "churn_warning".')
    code: str = strawberry.field(description='The sign, e.g. "volume_collapse".')
    severity: str = strawberry.field(description="low, medium, high or emergency.")
    reason: str = strawberry.field(description="A sentence with the numbers in it.")
    reasons: Reasons = strawberry.field(description="The condition that held and the values it held over.")
    route: list[str] = strawberry.field(description="Departments told of it.")
    fired_at: datetime = strawberry.field(description="As-of instant of the run that raised it, UTC.")
    state: str = strawberry.field(description="How far people are with it: open, acknowledged or closed.")
    outcome: str | None = strawberry.field(description="What came of it, in the words of who closed it.")
    handled_by: str | None = strawberry.field(description="Who acknowledged or closed it; null while it is open.")
    handled_at: datetime | None = strawberry.field(description="When, UTC; null while it is open.")
    version: str = strawberry.field(description="Differs when anything of it does; pass it as `expectedVersion`.")
    is_open: bool = strawberry.field(description="No run has cleared it yet.")
    row: strawberry.Private[warnings.FiredWarning]

    @resolved("The name people see.")
    async def label(self, info: Info, locale: Locale = Locale.EN) -> str:
        published = await info.context.reads.once(definitions.published_rule_sets)
        found = published.get(self.row.ruleset)
        if found is None or found.digest != self.row.digest:
            found = await info.context.reads.one(definitions.rule_sets_by_digest, self.row.digest)
        rules = () if found is None else found.warnings
        return next((label_text(rule.label, locale) for rule in rules if rule.code == self.row.warning), self.code)

    @resolved("Whom it is about.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.customer_id)

    @resolved("The run that raised it.")
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.row.fired_run_id)


def warning_node(row: warnings.FiredWarning) -> ChurnWarning:
    """A warning as clients see it."""
    return ChurnWarning(
        id=node_id("Warning", row.id),
        rule_set_code=row.ruleset,
        code=row.warning,
        severity=row.severity,
        reason=row.reason,
        reasons=reasons_value(row.reasons),
        route=list(row.route),
        fired_at=row.fired_at,
        state=row.state,
        outcome=row.outcome,
        handled_by=row.handled_by,
        handled_at=row.handled_at,
        version=version_of(row),
        is_open=row.cleared_run_id is None,
        row=row,
    )


async def warning_by_id(context: Context, key: int | None) -> ChurnWarning | None:
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(warnings.warnings_by_id, key)
    return None if found is None else warning_node(found)
