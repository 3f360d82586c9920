"""What subscribers are told."""

import strawberry

from kehu.reader.news import LevelNews, WarningNews
from kehu.reader.runs import Run as RunRow
from kehu_graphql.context import Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.subscriptions.feed import cursor_of
from kehu_graphql.types.links import CustomerLink
from kehu_graphql.types.membership import SegmentMembership, membership_node
from kehu_graphql.types.run import Run, run_by_id, run_node
from kehu_graphql.types.warning import ChurnWarning, warning_node

_CURSOR = "Where this stands among all that was published; subscribe anew with it as `after` to go on behind it."
_NEWS_RUN = "The run that brought it; its `restores` is not null when that was a rollback."


@strawberry.type(description="A customer left or entered a level. Who changes levels leaves one and enters another.")
class LevelChange:
    cursor: str = strawberry.field(description=_CURSOR)
    entered: bool = strawberry.field(description="True when the customer entered the level, false when it left.")
    rule_set_code: str = strawberry.field(description='The question the level answers, e.g. "service_tier".')
    level_code: str = strawberry.field(description='E.g. "vip".')
    news: strawberry.Private[LevelNews]

    @resolved("Who it is; of customers merged since, the one that has the other's history.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_id(info.context, self.news.membership.customer_id)

    @resolved("The membership that began or ended, with its reasons.")
    async def membership(self) -> SegmentMembership:
        return membership_node(self.news.membership)

    @resolved(_NEWS_RUN)
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.news.place.run)


@strawberry.type(description="A warning was raised.")
class WarningRaised:
    cursor: str = strawberry.field(description=_CURSOR)
    warning: ChurnWarning = strawberry.field(description="As it is when it is told of, which may be later.")
    news: strawberry.Private[WarningNews]

    @resolved(_NEWS_RUN)
    async def run(self, info: Info) -> Run | None:
        return await run_by_id(info.context, self.news.place.run)


@strawberry.type(description="How far a run is.")
class RunProgress:
    run: Run = strawberry.field(description="The run with the stages that it has done, as of now.")
    stage: str | None = strawberry.field(
        description='The stage under way, by the order of the last published run, e.g. "features"; null once it has '
        "ended, and before any run was published."
    )
    share: float | None = strawberry.field(
        description="How much of the time that the last published run took lies in the stages done: 0 to 1, e.g. 0.85; "
        "1 once it has ended, null before any run was published."
    )


def level_change_value(news: LevelNews) -> LevelChange:
    """A change of a level as clients see it."""
    row = news.membership
    return LevelChange(
        cursor=cursor_of(news.place), entered=news.is_entry, rule_set_code=row.ruleset, level_code=row.level, news=news
    )


def warning_raised_value(news: WarningNews) -> WarningRaised:
    """A raised warning as clients see it."""
    return WarningRaised(cursor=cursor_of(news.place), warning=warning_node(news.warning), news=news)


def run_progress_value(row: RunRow, expected: dict[str, float]) -> RunProgress:
    """`expected` are the seconds of the last published run's stages, in their order."""
    if not row.goes_on:
        return RunProgress(run=run_node(row), stage=None, share=1.0)
    done = {stage["stage"] for stage in row.stages or ()}
    whole = sum(expected.values())
    return RunProgress(
        run=run_node(row),
        stage=next((stage for stage in expected if stage not in done), None),
        share=sum(expected.get(stage, 0.0) for stage in done) / whole if whole else None,
    )
