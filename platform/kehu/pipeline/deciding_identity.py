"""People decide who is one customer and who is not; every decision can be taken back, as if it had never been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from kehu.identity.rules import IdentityRules
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import writing
from kehu.pipeline.wishes import words_problems
from kehu.store.customers import ResolvedCounts, resolve_customers
from kehu.store.events import mark_seen
from kehu.store.identified import records_of
from kehu.store.identity_decisions import (
    IdentityDecision,
    RecordName,
    add_decision,
    all_decisions,
    end_decisions,
)
from kehu.workspace.workspace import Workspace

_WORDS = {"reason": Place("--reason"), "author": Place("--author")}


@dataclass(frozen=True, slots=True)
class Because:
    """Who decides, and why."""

    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions made or taken back, and what became of the customers."""

    ids: tuple[int, ...]
    left: RecordName | None
    right: RecordName | None
    resolved: ResolvedCounts


def resolve_again(workspace: Workspace, engine: Engine, *, dry_run: bool = False) -> ResolvedCounts:
    """Bring the customers into line with the rules of identity as they stand; a dry run writes nothing.

    Raises RefusedError with everything wrong with the file of rules.
    """
    rules = workspace_identity(workspace)
    with writing(engine) as connection:
        counts = _resolved(connection, workspace, rules)
        transaction = connection.get_transaction()
        if dry_run and transaction is not None:
            transaction.rollback()
    return counts


def merge(workspace: Workspace, engine: Engine, customers: Sequence[str], because: Because, *, clock: Clock) -> Decided:
    """Make one customer of the two that are named; shipments, complaints, levels and the old ids go along.

    Raises RefusedError for a text that names no customer or several, two that are one already, and where a decision
    stands that they are not the same.
    """
    rules = workspace_identity(workspace)
    with writing(engine) as connection:
        problems = list(words_problems(because.reason, because.author, _WORDS))
        found = [_named(connection, workspace, text) for text in customers]
        if found[0] == found[1]:
            said = f"'{customers[0]}' and '{customers[1]}' are one customer already"
            problems.append(Problem(Place("CUSTOMER"), "same-customer", said, "there is nothing to do"))
        sides = [records_of(connection, customer) for customer in found]
        problems += _against(connection, sides[0], sides[1])
        refuse_errors(problems)
        return _decide(connection, workspace, rules, _new(True, sides[0][0], sides[1][0], because, clock()))  # noqa: FBT003


def tell_apart(
    workspace: Workspace, engine: Engine, customers: Sequence[str], because: Because, *, clock: Clock
) -> Decided:
    """Say of the two named customers that they are not the same, so that nothing joins them any more.

    Raises RefusedError for a text that names no customer or several, and two that are one.
    """
    rules = workspace_identity(workspace)
    with writing(engine) as connection:
        problems = list(words_problems(because.reason, because.author, _WORDS))
        found = [_named(connection, workspace, text) for text in customers]
        if found[0] == found[1]:
            said = f"'{customers[0]}' and '{customers[1]}' are one customer"
            problems.append(Problem(Place("CUSTOMER"), "same-customer", said, "part them with 'kehu identity split'"))
        refuse_errors(problems)
        left, right = (records_of(connection, customer)[0] for customer in found)
        return _decide(connection, workspace, rules, _new(False, left, right, because, clock()))  # noqa: FBT003


def split(
    workspace: Workspace, engine: Engine, customer: str, record: str, because: Because, *, clock: Clock
) -> Decided:
    """Part a record, SYSTEM:KEY, from the customer that it went into: it, and what is joined to it alone, go.

    Raises RefusedError for a text that names no customer or several, and a record that is not one of its, or its only.
    """
    rules = workspace_identity(workspace)
    place = Place("SYSTEM:KEY")
    with writing(engine) as connection:
        problems = list(words_problems(because.reason, because.author, _WORDS))
        records = records_of(connection, _named(connection, workspace, customer))
        chosen = [each for each in records if f"{each.system}:{each.key}" == record]
        if not chosen:
            near = did_you_mean(record, [f"{each.system}:{each.key}" for each in records])
            problems.append(Problem(place, "unknown-record", f"'{record}' is no record of '{customer}'", near))
        others = [each for each in records if each not in chosen]
        if chosen and not others:
            problems.append(Problem(place, "only-record", f"'{record}' is the only record of '{customer}'"))
        refuse_errors(problems)
        return _decide(connection, workspace, rules, _new(False, others[0], chosen[0], because, clock()))  # noqa: FBT003


def undo(workspace: Workspace, engine: Engine, ids: Sequence[int], because: Because, *, clock: Clock) -> Decided:
    """Take decisions back: the customers are what they would be had there never been any.

    Raises RefusedError when one does not exist or was taken back before.
    """
    rules = workspace_identity(workspace)
    with writing(engine) as connection:
        problems = list(words_problems(because.reason, because.author, _WORDS))
        standing = {decision.id: decision for decision in all_decisions(connection)}
        for number in ids:
            decision = standing.get(number)
            if decision is None:
                said = f"there is no decision {number}"
                problems.append(Problem(Place("DECISION"), "unknown-decision", said, "see 'kehu identity history'"))
            elif decision.ended_at is not None:
                said = f"{decision.ended_by} took decision {number} back already"
                problems.append(Problem(Place("DECISION"), "ended-decision", said, "there is nothing left to do"))
        refuse_errors(problems)
        end_decisions(connection, ids, by=because.author.strip(), reason=because.reason.strip(), now=clock())
        return Decided(tuple(ids), None, None, _resolved(connection, workspace, rules))


def _named(connection: Connection, workspace: Workspace, text: str) -> int:
    return named_customer(connection, text, workspace.settings.phone_region, Place("CUSTOMER")).customer_id


def _new(same: bool, left: RecordName, right: RecordName, because: Because, now: datetime) -> IdentityDecision:  # noqa: FBT001
    author, reason = because.author.strip(), because.reason.strip()
    return IdentityDecision(0, "same" if same else "different", left, right, reason, author, now)


def _against(connection: Connection, left: Sequence[RecordName], right: Sequence[RecordName]) -> list[Problem]:
    """The decisions that stand against joining the records of both sides."""
    ours, theirs = set(left), set(right)
    return [
        Problem(
            Place("CUSTOMER"),
            "contradicts",
            f"decision {each.id} by {each.author} says that they are not the same: {each.reason}",
            f"take it back first: kehu identity undo {each.id}",
        )
        for each in all_decisions(connection)
        if each.ended_at is None
        and each.kind == "different"
        and ((each.left in ours and each.right in theirs) or (each.left in theirs and each.right in ours))
    ]


def _decide(connection: Connection, workspace: Workspace, rules: IdentityRules, decision: IdentityDecision) -> Decided:
    _refuse_contradiction(connection, decision)
    number = add_decision(connection, decision)
    return Decided((number,), decision.left, decision.right, _resolved(connection, workspace, rules))


def _refuse_contradiction(connection: Connection, decision: IdentityDecision) -> None:
    """A split of what people said is the same needs that taken back first."""
    if decision.same:
        return
    standing = [each for each in all_decisions(connection) if each.ended_at is None and each.same]
    linked, path = {decision.left}, []
    grown = True
    while grown:
        new = [each for each in standing if each not in path and (each.left in linked or each.right in linked)]
        path += new
        linked |= {side for each in new for side in (each.left, each.right)}
        grown = bool(new)
    if decision.right in linked:
        numbers = ", ".join(str(each.id) for each in path)
        said = f"people said that these records are the same: decision {numbers}"
        remedy = f"take it back first: kehu identity undo {path[0].id}"
        raise RefusedError([Problem(Place("SYSTEM:KEY"), "contradicts", said, remedy)])


def _resolved(connection: Connection, workspace: Workspace, rules: IdentityRules) -> ResolvedCounts:
    counts = resolve_customers(connection, workspace.settings.phone_region, rules)
    mark_seen(connection)
    return counts
