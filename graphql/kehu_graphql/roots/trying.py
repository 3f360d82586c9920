"""Root fields that ask the rules as they are now, or a condition that is none yet."""

from datetime import datetime
from functools import partial

import strawberry

from kehu.model.problems import RefusedError
from kehu.pipeline.explaining import explain_customer
from kehu.pipeline.previewing import preview
from kehu.workspace.workspace import Workspace
from kehu_graphql.connections import DEFAULT_FIRST, checked_size
from kehu_graphql.context import Context, Info
from kehu_graphql.failures import NO_WORKSPACE, ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.instants import utc
from kehu_graphql.nodes import customer_text
from kehu_graphql.published import known_level, known_rule_set
from kehu_graphql.remedies import refused_query
from kehu_graphql.types.explanation import Explanation, explanation_value
from kehu_graphql.types.preview import RulePreview, preview_value, refused_preview
from kehu_graphql.types.rule_directory import rule_problem

MAX_EXPRESSION = 10_000


@strawberry.type
class TryingQueries:
    """Mixed into the root query."""

    @resolved(
        "Why a customer has its levels and warnings, clause by clause, by the rule files as they are now; `customer` "
        'is an id, uid, account, phone or whole name, e.g. "C1"; of one rule set, or of all; as of `asOf`, or as the '
        "workspace's clock stands."
    )
    async def explanation(
        self, info: Info, customer: str, rule_set: str = "", as_of: datetime | None = None
    ) -> Explanation:
        workspace, instant = _workspace(info.context), await _instant(info.context, as_of)
        asked = partial(explain_customer, workspace, as_of=instant, clock=lambda: instant, ruleset=rule_set)
        try:
            found = await info.context.reads.beside(lambda engine: asked(engine, customer_text(customer)))
        except RefusedError as refusal:
            raise refused_query(refusal) from None
        return explanation_value(found)

    @resolved(
        "Whom a condition over features would take if it were a rule: an exact count over all customers and a sample; "
        "with `ruleSet` and `level` also how many would come into that level and go."
    )
    async def rule_preview(
        self,
        info: Info,
        expression: str,
        rule_set: str = "",
        level: str = "",
        first: int | None = DEFAULT_FIRST,
        as_of: datetime | None = None,
    ) -> RulePreview:
        if len(expression) > MAX_EXPRESSION:
            raise ExpectedError(
                f"'expression' has {len(expression):,} characters; at most {MAX_EXPRESSION:,} are taken"
            )
        workspace, instant = _workspace(info.context), await _instant(info.context, as_of)
        compared = await _level(info.context, rule_set, level)
        size = checked_size("first", first)
        asked = partial(preview, workspace, condition=expression, as_of=instant, level=compared, sample=size)
        try:
            return preview_value(await info.context.reads.beside(lambda engine: asked(engine=engine)))
        except RefusedError as refusal:
            return refused_preview(instant, [rule_problem(problem) for problem in refusal.problems])


def _workspace(context: Context) -> Workspace:
    if context.served.workspace is None:
        raise ExpectedError("this server looks at no workspace, so it has no rule files", NO_WORKSPACE)
    return context.served.workspace


async def _instant(context: Context, as_of: datetime | None) -> datetime:
    return await context.now() if as_of is None else utc(as_of, "asOf")


async def _level(context: Context, rule_set: str, level: str) -> tuple[str, str] | None:
    if not rule_set and not level:
        return None
    if not (rule_set and level):
        raise ExpectedError("'ruleSet' and 'level' name a level together; give both, or none")
    asked = await known_rule_set(context, rule_set)
    return asked.code, known_level(asked, level).code
