"""What can be subscribed to."""

from collections.abc import AsyncGenerator

import strawberry

from kehu.model.problems import RefusedError
from kehu.reader.news import level_news, newest_place, warning_news
from kehu.reader.runs import expected_seconds, runs_by_id
from kehu_graphql.context import Info
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved, told
from kehu_graphql.nodes import key_of
from kehu_graphql.published import known_level, known_rule_set
from kehu_graphql.remedies import refused_query
from kehu_graphql.subscriptions.feed import cursor_of, feed, start
from kehu_graphql.types.news import (
    LevelChange,
    RunProgress,
    WarningRaised,
    level_change_value,
    run_progress_value,
    warning_raised_value,
)


@strawberry.type
class CursorQueries:
    """Mixed into the root query."""

    @resolved(
        "Where all that is published by now ends: pass it as `after` to a subscription, and nothing that is published "
        "after this query is missed."
    )
    async def published_cursor(self, info: Info) -> str:
        return cursor_of(await info.context.reads.once(newest_place))


@strawberry.type(
    description="What is told as it happens, over graphql-transport-ws. Every event has a cursor: subscribe anew with "
    "the last one as `after`, and nothing is lost or told twice. Without `after` only what is published from now on."
)
class Subscription:
    """Every subscription."""

    @told(
        "Warnings as runs raise them: told to a department or to any, of a rule set or of every one. A rollback raises "
        "again, as new ones, those that it brings back."
    )
    async def warnings_raised(
        self, info: Info, department: str | None = None, rule_set: str | None = None, after: str | None = None
    ) -> AsyncGenerator[WarningRaised, None]:
        if rule_set is not None:
            await known_rule_set(info.context, rule_set)
        place = await start(info.context, after)
        async for news in feed(info.context, warning_news, place, department, rule_set):
            yield warning_raised_value(news)

    @told("Customers as runs put them into a level and take them out of one: of one level, or of every one.")
    async def level_changed(
        self, info: Info, rule_set: str, level: str | None = None, after: str | None = None
    ) -> AsyncGenerator[LevelChange, None]:
        known = await known_rule_set(info.context, rule_set)
        if level is not None:
            known_level(known, level)
        place = await start(info.context, after)
        async for news in feed(info.context, level_news, place, rule_set, level):
            yield level_change_value(news)

    @told(
        "How far a run is: at once, then whenever that changes, until it is published, failed, held or discarded; of a "
        "confirmed one until that is over. `run` is its id or its number."
    )
    async def run_progress(self, info: Info, run: strawberry.ID) -> AsyncGenerator[RunProgress, None]:
        context, number = info.context, _run_number(run)
        last = None
        with context.watcher.following():
            while last is None or last.goes_on:
                changes = context.watcher.changes
                found = (await context.reads.once(runs_by_id, (number,))).get(number)
                if found is None:
                    raise ExpectedError(f"there is no run {number}; read 'runs' again")
                if found != last:
                    last = found
                    yield run_progress_value(found, await context.reads.once(expected_seconds))
                context.reads.forget()
                if found.goes_on:
                    await context.watcher.after(changes)


def _run_number(run: str) -> int:
    try:
        return key_of("Run", run, "run")
    except RefusedError as refusal:
        raise refused_query(refusal) from None
