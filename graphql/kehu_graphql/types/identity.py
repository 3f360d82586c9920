"""Who may be one customer, by which evidence, and what people decided of it."""

from datetime import datetime

import strawberry

from kehu.pipeline import contested_keys, identity_review
from kehu.reader import customers, identity_decisions
from kehu.reader.versions import version_of
from kehu.store.identity_decisions import RecordName
from kehu.store.identity_queue import read_owners
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.remedies import for_clients
from kehu_graphql.types.links import CustomerLink


@strawberry.type(description="A record by what its department calls it.")
class RecordReference:
    origin: str = strawberry.field(
        description="file: a row of a customer list; mention: a customer named on another record."
    )
    system: str = strawberry.field(description='The department\'s system, e.g. "crm".')
    key: str = strawberry.field(description="Its key there.")
    name: strawberry.Private[RecordName]

    @resolved("Whose record it is now; null when it is no longer loaded.")
    async def customer(self, info: Info) -> CustomerLink | None:
        uid = await info.context.reads.one(read_owners, self.name)
        return None if uid is None else await customer_by_uid(info.context, uid)


@strawberry.type(description="What one field says for or against two records being one customer's.")
class IdentityEvidence:
    field: str = strawberry.field(description='E.g. "phone" or "name".')
    left: str | None = strawberry.field(description="The left record's value; null for none.")
    right: str | None = strawberry.field(description="The right record's value; null for none.")
    grade: str | None = strawberry.field(description='How alike they are, e.g. "equal"; null when one is unknown.')
    bits: float = strawberry.field(description="Weight of evidence in bits: 1 doubles the odds, -1 halves them.")


@strawberry.type(description="One of the two customers of a suggestion.")
class SuggestionSide:
    uid: str = strawberry.field(description="The customer's uid.")
    name: str = strawberry.field(description="The customer's name.")
    record: RecordReference = strawberry.field(description="That of its records which says most.")
    locked_by: int | None = strawberry.field(
        description="The number of the decision that locks it; null when none does."
    )

    @resolved("The customer.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return await customer_by_uid(info.context, self.uid)


@strawberry.type(description="Two customers that may be one.")
class IdentitySuggestion:
    code: str = strawberry.field(description="Names it as long as its records are loaded; pass it to `identityAnswer`.")
    probability: float = strawberry.field(description="That they are one, from 0 to 1, to four places.")
    left: SuggestionSide = strawberry.field(description="One of them.")
    right: SuggestionSide = strawberry.field(description="The other.")
    evidence: list[IdentityEvidence] = strawberry.field(description="What each field says.")


@strawberry.type(description="A record that bears a contested key.")
class KeyBearer:
    record: RecordReference = strawberry.field(description="The record.")
    value: str | None = strawberry.field(description="What it bears; null for keys of several fields.")
    uid: str = strawberry.field(description="Its customer's uid.")
    customer_name: str = strawberry.field(description="Its customer's name.")


@strawberry.type(description="A key that joins nobody, because it would break a limit or a decision.")
class ContestedKey:
    rule: str = strawberry.field(description='The rule of identity, e.g. "phone_and_name".')
    because: str = strawberry.field(description='The limit it would break, e.g. "tax_code", or decision, or lock.')
    most: int | None = strawberry.field(description="How many a customer may have; null where no limit speaks.")
    held: list[str] = strawberry.field(description="The values of which there would be too many.")
    decisions: list[int] = strawberry.field(description="The numbers of the decisions against it.")
    bearers: list[KeyBearer] = strawberry.field(description="The records that bear it.")
    advice: str = strawberry.field(description="What one can do.")


@strawberry.type(description="How the queue of suggestions stands.")
class IdentityQueue:
    computed_at: datetime | None = strawberry.field(description="When it was computed, UTC; null when it never was.")
    is_stale: bool = strawberry.field(description="Records or rules have changed since; refresh it.")
    suggestions: int = strawberry.field(description="How many wait for an answer.")


@strawberry.type(description="What a person decided of who is one customer.")
class IdentityDecision(Node):
    number: int = strawberry.field(description="Counts up; `identityUndo` takes it.")
    kind: str = strawberry.field(
        description="same, different, dismissed (a suggestion taken away) or lock (a customer stays as it is)."
    )
    left: RecordReference = strawberry.field(description="One record; of a lock the first of its customer.")
    right: RecordReference = strawberry.field(description="The other record; of a lock the same again.")
    reason: str = strawberry.field(description="Why, in the author's words.")
    author: str = strawberry.field(description="Who decided it.")
    created_at: datetime = strawberry.field(description="When, UTC.")
    stands: bool = strawberry.field(description="It was not taken back.")
    ended_at: datetime | None = strawberry.field(description="When it was taken back, UTC; null when it was not.")
    ended_by: str | None = strawberry.field(description="Who took it back.")
    ended_reason: str | None = strawberry.field(description="Why it was taken back.")
    version: str = strawberry.field(description="Differs when anything of it does.")


def record_value(name: RecordName) -> RecordReference:
    """A record's name as clients see it."""
    return RecordReference(origin=name.origin, system=name.system, key=name.key, name=name)


def suggestion_value(row: identity_review.Suggested) -> IdentitySuggestion:
    """A suggestion as clients see it."""
    left, right = (
        SuggestionSide(uid=side.uid, name=side.name, record=record_value(side.record), locked_by=side.lock)
        for side in (row.left, row.right)
    )
    evidence = [
        IdentityEvidence(field=each.field, left=each.left, right=each.right, grade=each.grade, bits=each.bits)
        for each in row.evidence
    ]
    return IdentitySuggestion(code=row.code, probability=row.probability, left=left, right=right, evidence=evidence)


def contested_value(row: contested_keys.Contested) -> ContestedKey:
    """A contested key as clients see it."""
    return ContestedKey(
        rule=row.rule,
        because=row.because,
        most=row.most,
        held=list(row.held),
        decisions=list(row.decisions),
        bearers=[
            KeyBearer(record=record_value(each.record), value=each.value, uid=each.uid, customer_name=each.name)
            for each in row.bearers
        ],
        advice=for_clients(row.advice),
    )


def decision_node(row: identity_decisions.DecisionRow) -> IdentityDecision:
    """A decision as clients see it."""
    return IdentityDecision(
        id=node_id("IdentityDecision", row.id),
        number=row.id,
        kind=row.kind,
        left=record_value(RecordName(row.left_origin, row.left_system, row.left_key)),
        right=record_value(RecordName(row.right_origin, row.right_system, row.right_key)),
        reason=row.reason,
        author=row.author,
        created_at=row.created_at,
        stands=row.ended_at is None,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        ended_reason=row.ended_reason,
        version=version_of(row),
    )


async def customer_by_uid(context: Context, uid: str) -> CustomerLink | None:
    """None for an unknown one."""
    found = await context.reads.one(customers.customers_by_uid, uid)
    return None if found is None else context.as_customer(found)
