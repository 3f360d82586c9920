"""Root fields on who may be one customer, and what people decided of it."""

from collections.abc import Awaitable
from typing import TypeVar

import strawberry

from kehu.model.problems import RefusedError, did_you_mean
from kehu.pipeline.contested_keys import Contested, contested_keys
from kehu.pipeline.identity_review import LEAST, ReviewPage, Suggested, Wanted, review_page
from kehu.pipeline.transactions import Database
from kehu.reader import identity_decisions
from kehu.reader.identity_decisions import DecisionFilter
from kehu.reader.keyset import KeyValues, Page, Window
from kehu.workspace.workspace import Workspace
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging, checked_size, connection
from kehu_graphql.context import Context, Info
from kehu_graphql.cursors import Cursors
from kehu_graphql.failures import NO_WORKSPACE, ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import customer_text
from kehu_graphql.remedies import refused_query
from kehu_graphql.types.identity import (
    ContestedKey,
    IdentityDecision,
    IdentityQueue,
    IdentitySuggestion,
    contested_value,
    decision_node,
    suggestion_value,
)

FoundType = TypeVar("FoundType")

# A suggestion's place: its probability as text, since no float but that text is exact, and its records.
_SUGGESTION_CURSORS = Cursors("identitySuggestions", ("text", "whole", "whole"))
_DECISION_CURSORS = Cursors("identityDecisions", ("whole",))
_KINDS = ("same", "different", "dismissed", "lock")


@strawberry.type
class IdentityQueries:
    """Mixed into the root query."""

    @resolved(
        "Customers that may be one and that nobody has judged yet, the surest first, as the queue was computed last. "
        '`least` is a probability, `system` one of the records\' system, `customer` names one of the two, e.g. "C1".'
    )
    async def identity_suggestions(
        self,
        info: Info,
        least: float = LEAST,
        system: str = "",
        customer: str = "",
        first: int | None = DEFAULT_FIRST,
        after: str | None = None,
    ) -> Connection[IdentitySuggestion]:
        window = Paging(first, after).window(_SUGGESTION_CURSORS)
        wanted = Wanted(least, system, customer_text(customer))
        found, page = await _suggestions(info.context, wanted, window)

        async def count(_up_to: int | None) -> int:
            return found.total

        return connection(page, suggestion_value, window, _SUGGESTION_CURSORS, count)

    @resolved(
        "How the queue of suggestions stands: when it was computed, whether it ought to be again, and how many of that "
        "probability or more wait."
    )
    async def identity_queue(self, info: Info, least: float = LEAST) -> IdentityQueue:
        page = await _review(info.context, Wanted(least), 0, None)
        return IdentityQueue(computed_at=page.computed_at, is_stale=page.is_stale, suggestions=page.total)

    @resolved("Keys that join nobody, because they would break a limit or a decision, the strongest rule's first.")
    async def contested_keys(self, info: Info, first: int = DEFAULT_FIRST, skip: int = 0) -> list[ContestedKey]:
        workspace, size = _workspace(info.context), checked_size("first", first)
        if not 0 <= skip < 2**31:
            raise ExpectedError(f"'skip: {skip}' is out of range")
        rows = await _refusing(info.context.reads.once(_contested, workspace, size, skip))
        return [contested_value(row) for row in rows]

    @resolved(
        "What people decided, the newest first. `kind` is same, different, dismissed or lock, `author` a name; "
        "`stands` takes those that were not taken back, or with false those that were."
    )
    async def identity_decisions(
        self,
        info: Info,
        kind: str | None = None,
        author: str | None = None,
        stands: bool | None = None,  # noqa: FBT001 (an argument in the schema)
        first: int | None = DEFAULT_FIRST,
        after: str | None = None,
    ) -> Connection[IdentityDecision]:
        if kind is not None and kind not in _KINDS:
            raise ExpectedError(f"unknown kind '{kind}'; {did_you_mean(kind, _KINDS)}".rstrip("; "))
        wanted = DecisionFilter(kind, author, stands)
        window = Paging(first, after).window(_DECISION_CURSORS)
        reads = info.context.reads
        page = await reads.once(identity_decisions.decision_page, wanted, window)
        return connection(
            page,
            decision_node,
            window,
            _DECISION_CURSORS,
            lambda up_to: reads.once(identity_decisions.count_decisions, wanted, up_to=up_to),
        )


async def _suggestions(context: Context, wanted: Wanted, window: Window) -> tuple[ReviewPage, Page[Suggested]]:
    after = None if window.beside is None else ",".join(map(str, window.beside))
    found = await _review(context, wanted, window.size, after)
    records = [_records(each) for each in found.suggestions]
    exact = await context.reads.once(identity_decisions.suggestion_sureness, tuple(records))
    keys: list[KeyValues] = [(repr(exact.get(pair, 0.0)), *pair) for pair in records]
    return found, Page(found.suggestions, tuple(keys), found.after is not None)


def _records(suggested: Suggested) -> tuple[int, int]:
    left, _, right = suggested.code.partition("-")
    return int(left), int(right)


async def _review(context: Context, wanted: Wanted, first: int, after: str | None) -> ReviewPage:
    return await _refusing(context.reads.once(_reviewed, _workspace(context), wanted, first, after))


def _reviewed(connection: Database, workspace: Workspace, wanted: Wanted, first: int, after: str | None) -> ReviewPage:
    return review_page(workspace, connection, wanted, first=first, after=after)


def _contested(connection: Database, workspace: Workspace, first: int, skip: int) -> tuple[Contested, ...]:
    return contested_keys(workspace, connection, first=first, skip=skip)


def _workspace(context: Context) -> Workspace:
    if context.served.workspace is None:
        raise ExpectedError("this server has a database and no workspace: serve one", NO_WORKSPACE)
    return context.served.workspace


async def _refusing(work: Awaitable[FoundType]) -> FoundType:
    """What is awaited; what it refuses is the query's error."""
    try:
        return await work
    except RefusedError as refusal:
        raise refused_query(refusal) from None
