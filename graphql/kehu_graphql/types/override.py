"""What people decided against the rules, as clients see it."""

from datetime import datetime

import strawberry

from kehu.reader import overrides
from kehu.reader.versions import version_of
from kehu_graphql.context import Context, Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.types.links import CustomerLink


@strawberry.type(
    description="A person's decision that a customer stands in a level, or does not, whatever the rules say."
)
class Override(Node):
    number: int = strawberry.field(description="Counts up; `kehu overrides end` takes it.")
    rule_set_code: str = strawberry.field(description='Whose answer it decides, e.g. "service_tier".')
    code: str = strawberry.field(description='The level, e.g. "vip", or the warning that is muted.')
    effect: str = strawberry.field(description="include or exclude; a warning that is excluded does not fire.")
    reason: str = strawberry.field(description="Why, in the author's words.")
    author: str = strawberry.field(description="Who decided it.")
    created_at: datetime = strawberry.field(description="When it was decided, UTC.")
    starts_at: datetime | None = strawberry.field(description="Counts from this instant on, UTC; null for always.")
    expires_at: datetime | None = strawberry.field(description="Counts before this instant, UTC; null for no end.")
    ended_at: datetime | None = strawberry.field(description="When it was taken back, UTC; null when it was not.")
    ended_by: str | None = strawberry.field(description="Who took it back.")
    ended_reason: str | None = strawberry.field(description="Why it was taken back.")
    version: str = strawberry.field(description="Differs when anything of it does; pass it as `expectedVersion`.")
    row: strawberry.Private[overrides.Override]

    @resolved("Whom it is about.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.row.customer_id)


def override_node(row: overrides.Override) -> Override:
    """A decision as clients see it."""
    return Override(
        id=node_id("Override", row.id),
        number=row.id,
        rule_set_code=row.ruleset,
        code=row.code,
        effect=row.effect,
        reason=row.reason,
        author=row.author,
        created_at=row.created_at,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        ended_reason=row.ended_reason,
        version=version_of(row),
        row=row,
    )


async def override_by_id(context: Context, key: int | None) -> Override | None:
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(overrides.overrides_by_id, key)
    return None if found is None else override_node(found)
