"""People decide who is one customer: suggestions answered, customers joined, parted, locked, all of it taken back."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.deciding_identity import Because, Decided, Meant, lock, merge, split, tell_apart, undo
from kehu.pipeline.identity_queue import refresh
from kehu.pipeline.identity_review import LEAST, answer
from kehu.reader.identity_decisions import decisions_by_id
from kehu.store.identity_queue import read_owners
from kehu_graphql.changing import changed, in_bulk, instant, made_anew, placed, rows_of
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.mutations.versions import VERSION, check_version
from kehu_graphql.nodes import customer_text
from kehu_graphql.types.change import BulkInput, ChangeInput, Payload, ReasonedInput, UserError
from kehu_graphql.types.customer import Customer
from kehu_graphql.types.identity import IdentityDecision, customer_by_uid, decision_node

_TWO = 2
_WORDS = {"--reason": "input.reason", "--author": "header"}
_OF_TWO = {**_WORDS, "CUSTOMER": "input.customers"}
_OF_ONE = {**_WORDS, "CUSTOMER": "input.customer", "SYSTEM:KEY": "input.record"}


@strawberry.enum(description="What a person says to a suggestion.")
class SuggestionAnswer(Enum):
    APPROVE = strawberry.enum_value("approve", description="They are one customer: join them.")
    DIFFERENT = strawberry.enum_value("different", description="They are not the same: nothing shall join them.")
    REJECT = strawberry.enum_value("reject", description="Nobody knows: take the suggestion away, and say no more.")


@strawberry.input(description="A suggestion and what a person says to it.")
class SuggestionAnswerInput:
    code: str = strawberry.field(description="The suggestion's `code`.")
    answer: SuggestionAnswer = strawberry.field(description="What the person says.")
    reason: str = strawberry.field(description="Why, for those who ask later.")


@strawberry.input(description="Answers to suggestions.")
class IdentityAnswerInput(BulkInput):
    rows: list[SuggestionAnswerInput] = strawberry.field(description="1 to 500 answers, given one after the other.")


@strawberry.input(description="Two customers.")
class CustomerPairInput(ReasonedInput):
    customers: list[str] = strawberry.field(
        description="Two, each by a node id, uid, account, tax code, phone, e-mail or whole name."
    )
    expected_versions: list[str] | None = strawberry.field(
        default=None, description="Refuse it when one of the `version`s, in the same order, is another by now."
    )


@strawberry.input(description="A record that does not belong to its customer.")
class CustomerSplitInput(ReasonedInput):
    customer: str = strawberry.field(description="A node id, uid, account, tax code, phone, e-mail or whole name.")
    record: str = strawberry.field(description='Which of its records goes, SYSTEM:KEY, e.g. "crm:C00005298".')
    expected_version: str | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="A customer that shall stay as it is.")
class CustomerLockInput(ReasonedInput):
    customer: str = strawberry.field(description="A node id, uid, account, tax code, phone, e-mail or whole name.")
    expected_version: str | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="Decisions to take back: those of `numbers`, and those of `by` within the time.")
class IdentityUndoInput(ReasonedInput):
    numbers: list[int] = strawberry.field(default_factory=list, description="Of decisions.")
    by: str = strawberry.field(default="", description="Also all standing ones of this author.")
    since: datetime | None = strawberry.field(default=None, description="Of those only the ones made then or later.")
    until: datetime | None = strawberry.field(default=None, description="Of those only the ones made before then.")


@strawberry.input(description="The queue of suggestions to compute anew.")
class IdentityQueueRefreshInput(ChangeInput):
    least: float = strawberry.field(default=LEAST, description="The least probability that is worth a look, 0 to 1.")


@strawberry.interface(description="What a decision about identity answers.")
class DecidedPayload(Payload):
    @resolved("The decisions made or taken back; empty where it was refused, and in a dry run.")
    async def decisions(self, info: Info) -> list[IdentityDecision]:
        found = [await info.context.reads.one(decisions_by_id, key) for key in self.answer.get("decisions", ())]
        return [decision_node(row) for row in found if row is not None]

    @resolved("Whose the records are now that were decided on.")
    async def customers(self, info: Info) -> list[Customer]:
        found = [await customer_by_uid(info.context, uid) for uid in self.answer.get("customers", ())]
        return [customer for customer in found if customer is not None]

    @resolved("Customers there were not before.")
    async def customers_new(self) -> int:
        return int(self.answer.get("new", 0))

    @resolved("Customers that went into others; their uids still find those.")
    async def customers_gone(self) -> int:
        return int(self.answer.get("gone", 0))


@strawberry.type(description="Two customers joined.")
class CustomersMergePayload(DecidedPayload): ...


@strawberry.type(description="Two customers told apart.")
class CustomersTellApartPayload(DecidedPayload): ...


@strawberry.type(description="A customer parted in two.")
class CustomerSplitPayload(DecidedPayload): ...


@strawberry.type(description="A customer locked.")
class CustomerLockPayload(DecidedPayload): ...


@strawberry.type(description="Decisions taken back.")
class IdentityUndoPayload(DecidedPayload): ...


@strawberry.type(description="The queue computed anew.")
class IdentityQueueRefreshPayload(Payload): ...


@strawberry.type(description="What became of one answer.")
class SuggestionAnswerRow:
    index: int = strawberry.field(description="Its place in `rows`, from 0.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")
    answer: strawberry.Private[Answer]

    @resolved("The decision; null where it was refused, and in a dry run.")
    async def decision(self, info: Info) -> IdentityDecision | None:
        numbers = self.answer.get("decisions", ())
        found = await info.context.reads.one(decisions_by_id, numbers[0]) if numbers else None
        return None if found is None else decision_node(found)


@strawberry.type(description="Suggestions answered.")
class IdentityAnswerPayload(Payload):
    @resolved("One per entry of `rows`, in their order; none when all was refused.")
    async def rows(self) -> list[SuggestionAnswerRow]:
        return [
            SuggestionAnswerRow(index=row.index, user_errors=row.errors, answer=row.answer)
            for row in rows_of(self.answer)
        ]


@strawberry.type
class IdentityMutations:
    """Mixed into the root mutation."""

    @change("Answer suggestions: join the two customers, tell them apart, or take the suggestion away.")
    async def identity_answer(self, info: Info, input: IdentityAnswerInput) -> IdentityAnswerPayload:  # noqa: A002 (its name in the schema)
        author = info.context.author

        def make(desk: WriteDesk, connection: Connection) -> Answer:
            def one(step: Connection, row: SuggestionAnswerInput, path: str) -> Answer:
                because, said = Because(author, row.reason), row.answer.name.lower()
                paths = {"SUGGESTION": f"{path}.code", "CUSTOMER": f"{path}.code", "--reason": f"{path}.reason"}
                with placed(paths):
                    return _answer(step, input, answer(desk.workspace, step, row.code, said, because, clock=desk.clock))

            return in_bulk(connection, input.rows, one, input.error_policy)

        return await changed(info.context, "identityAnswer", input, make, IdentityAnswerPayload)

    @change("Make one customer of two; shipments, complaints, visits, levels and the old uids go along.")
    async def customers_merge(self, info: Info, input: CustomerPairInput) -> CustomersMergePayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            pair = _pair(desk, connection, input)
            because = Because(info.context.author, input.reason)
            return _answer(connection, input, merge(desk.workspace, connection, pair, because, clock=desk.clock))

        return await changed(info.context, "customersMerge", input, make, CustomersMergePayload, _OF_TWO)

    @change("Say of two customers that they are not the same: nothing joins them, no suggestion asks again.")
    async def customers_tell_apart(self, info: Info, input: CustomerPairInput) -> CustomersTellApartPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            pair = _pair(desk, connection, input)
            because = Because(info.context.author, input.reason)
            return _answer(connection, input, tell_apart(desk.workspace, connection, pair, because, clock=desk.clock))

        return await changed(info.context, "customersTellApart", input, make, CustomersTellApartPayload, _OF_TWO)

    @change("Part a record from its customer: it goes, with what is joined to it alone, and gets its former uid.")
    async def customer_split(self, info: Info, input: CustomerSplitInput) -> CustomerSplitPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            text = customer_text(input.customer)
            check_version(desk, connection, text, input.expected_version, "input.expectedVersion")
            because = Because(info.context.author, input.reason)
            done = split(desk.workspace, connection, text, input.record, because, clock=desk.clock)
            return _answer(connection, input, done)

        return await changed(info.context, "customerSplit", input, make, CustomerSplitPayload, _OF_ONE)

    @change("Lock a customer: no key and no other decision joins or parts it until the lock is taken back.")
    async def customer_lock(self, info: Info, input: CustomerLockInput) -> CustomerLockPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            text = customer_text(input.customer)
            check_version(desk, connection, text, input.expected_version, "input.expectedVersion")
            because = Because(info.context.author, input.reason)
            return _answer(connection, input, lock(desk.workspace, connection, text, because, clock=desk.clock))

        return await changed(info.context, "customerLock", input, make, CustomerLockPayload, _OF_ONE)

    @change(
        "Take decisions back, locks too: the customers are what they would be had there never been any. A dry run "
        "tells how many customers would come and go."
    )
    async def identity_undo(self, info: Info, input: IdentityUndoInput) -> IdentityUndoPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            since, until = instant(input.since, "input.since"), instant(input.until, "input.until")
            meant = Meant(tuple(input.numbers), input.by.strip(), since, until)
            because = Because(info.context.author, input.reason)
            return _answer(connection, input, undo(desk.workspace, connection, meant, because, clock=desk.clock))

        paths = {**_WORDS, "DECISION": "input.numbers"}
        return await changed(info.context, "identityUndo", input, make, IdentityUndoPayload, paths)

    @change("Compute the queue of suggestions anew; it takes as long as a load, and other changes wait.")
    async def identity_queue_refresh(
        self,
        info: Info,
        input: IdentityQueueRefreshInput,  # noqa: A002
    ) -> IdentityQueueRefreshPayload:
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            if not 0 <= input.least <= 1:
                said = f"'{input.least}' is no probability"
                raise RefusedError([Problem(Place("input.least"), "bad-probability", said, "give 0 to 1")])
            refresh(desk.workspace, connection, least=input.least, now=desk.clock())
            return {}

        return await changed(info.context, "identityQueueRefresh", input, make, IdentityQueueRefreshPayload)


def _answer(connection: Connection, given: ChangeInput, decided: Decided) -> Answer:
    sides = [side for side in (decided.left, decided.right) if side is not None]
    owners = read_owners(connection, sides)
    uids = list(dict.fromkeys(owners[side] for side in sides if side in owners))
    counts: dict[str, Any] = {"new": decided.resolved.new, "gone": decided.resolved.gone}
    return {"customers": uids, **counts, **made_anew(given, {"decisions": list(decided.ids)})}


def _pair(desk: WriteDesk, connection: Connection, given: CustomerPairInput) -> tuple[str, str]:
    named = {"customers": given.customers, "expectedVersions": given.expected_versions}
    counts = {name: len(texts) for name, texts in named.items() if texts is not None}
    refuse_errors(
        Problem(Place(f"input.{name}"), "row-count", f"there are {count} of them", "name two at a time")
        for name, count in counts.items()
        if count != _TWO
    )
    first, second = (customer_text(text) for text in given.customers)
    for index, (text, version) in enumerate(zip((first, second), given.expected_versions or (), strict=False)):
        check_version(desk, connection, text, version, f"input.expectedVersions.{index}")
    return first, second
