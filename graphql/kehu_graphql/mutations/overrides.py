"""Deciding against the rules, and taking that back."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.overriding import decide, end
from kehu.pipeline.wishes import Wish
from kehu_graphql.changing import at_once, changed, instant, made_anew, rows_of
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.nodes import customer_text, key_of
from kehu_graphql.types.change import BulkInput, Payload, ReasonedInput, UserError
from kehu_graphql.types.override import Override, override_by_id

_END_PATHS = {"override": "input.id", "--reason": "input.reason", "version": "input.expectedVersion"}


@strawberry.enum(description="What a decision does with a level or warning.")
class OverrideEffect(Enum):
    INCLUDE = strawberry.enum_value("include", description="The customer stands in the level.")
    EXCLUDE = strawberry.enum_value("exclude", description="It does not, or the warning is muted.")


@strawberry.input(description="A decision that a customer stands in a level, or does not, whatever the rules say.")
class OverrideRowInput:
    customer: str = strawberry.field(
        description="A node id, uid, account, tax code, phone, e-mail or whole name; of one customer alone."
    )
    rule_set: str = strawberry.field(description='Whose answer it decides, e.g. "service_tier".')
    code: str = strawberry.field(description='The level, e.g. "vip", or the warning to mute.')
    effect: OverrideEffect = strawberry.field(description="What it does with it.")
    reason: str = strawberry.field(description="Why, for those who ask later.")
    starts_at: datetime | None = strawberry.field(default=None, description="Counts from then on; null for always.")
    expires_at: datetime | None = strawberry.field(default=None, description="Counts before then; null for no end.")


@strawberry.input(description="Decisions against the rules.")
class OverridesCreateInput(BulkInput):
    rows: list[OverrideRowInput] = strawberry.field(description="1 to 500 decisions, which may not contradict.")


@strawberry.input(description="A decision that shall no longer count.")
class OverrideEndInput(ReasonedInput):
    id: strawberry.ID = strawberry.field(description="Of the override.")
    expected_version: str | None = strawberry.field(
        default=None, description="Refuse it when the override's `version` is another by now; null takes any."
    )


@strawberry.type(description="What became of one decision.")
class OverrideRow:
    index: int = strawberry.field(description="Its place in `rows`, from 0.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
    answer: strawberry.Private[Answer]

    @resolved("The decision; null where it was refused, and in a dry run.")
    async def override(self, info: Info) -> Override | None:
        return await override_by_id(info.context, self.answer.get("override"))


@strawberry.type(description="Decisions taken down. They count from the next run on.")
class OverridesCreatePayload(Payload):
    @resolved("One per entry of `rows`, in their order; none when all was refused.")
    async def rows(self) -> list[OverrideRow]:
        return [OverrideRow(index=row.index, user_errors=row.errors, answer=row.answer) for row in rows_of(self.answer)]


@strawberry.type(description="A decision taken back. The next run decides without it.")
class OverrideEndPayload(Payload):
    @resolved("The decision as it is now; null when it was refused.")
    async def override(self, info: Info) -> Override | None:
        return await override_by_id(info.context, self.answer.get("override"))


@strawberry.type
class OverrideMutations:
    """Mixed into the root mutation."""

    @change("Put customers into levels, keep them out, or mute warnings, from the next run on.")
    async def overrides_create(
        self,
        info: Info,
        input: OverridesCreateInput,  # noqa: A002 (its name in the schema)
    ) -> OverridesCreatePayload:
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            def every(step: Connection, rows: Sequence[tuple[str, OverrideRowInput]]) -> list[Answer]:
                wishes = [_wish(row, info.context.author, path) for path, row in rows]
                made = decide(desk.workspace, step, wishes, clock=desk.clock)
                return [made_anew(input, {"override": each.id}) for each in made]

            return at_once(connection, input.rows, every, input.error_policy)

        return await changed(info.context, "overridesCreate", input, make, OverridesCreatePayload)

    @change("Take back a decision against the rules.")
    async def override_end(
        self,
        info: Info,
        input: OverrideEndInput,  # noqa: A002
    ) -> OverrideEndPayload:
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            number = key_of("Override", input.id, "input.id")
            ended = end(
                connection,
                number,
                by=info.context.author,
                reason=input.reason,
                clock=desk.clock,
                expected=input.expected_version,
            )
            return {"override": ended.override.id}

        return await changed(info.context, "overrideEnd", input, make, OverrideEndPayload, _END_PATHS)


def _wish(row: OverrideRowInput, author: str, path: str) -> Wish:
    names = {"customer": "customer", "ruleset": "ruleSet", "code": "code", "effect": "effect", "reason": "reason"}
    names |= {"author": "author", "starts_at": "startsAt", "expires_at": "expiresAt"}
    problems: list[Problem] = []
    edges: list[datetime | None] = []
    for name, value in (("startsAt", row.starts_at), ("expiresAt", row.expires_at)):
        try:
            edges.append(instant(value, f"{path}.{name}"))
        except RefusedError as error:
            problems += error.problems
            edges.append(None)
    return Wish(
        customer=customer_text(row.customer),
        ruleset=row.rule_set,
        code=row.code,
        effect=row.effect.name.lower(),
        reason=row.reason,
        author=author,
        starts_at=edges[0],
        expires_at=edges[1],
        places={field: Place(f"{path}.{name}") for field, name in names.items()},
        problems=tuple(problems),
    )
