"""People decide who is one customer and who is not; every decision can be taken back, as if it had never been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from kehu.identity.rules import IdentityRules
from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.pipeline.identity_contradictions import joining_problems, lock_problems, parting_problems, said_problems
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, writing
from kehu.store.customers import ResolvedCounts, resolve_changes, resolve_customers
from kehu.store.events import mark_seen
from kehu.store.identified import records_of
from kehu.store.identity_decisions import (
    DecisionKind,
    IdentityDecision,
    RecordName,
    add_decision,
    all_decisions,
    end_decisions,
)
from kehu.workspace.workspace import Workspace

_CUSTOMER, _RECORD, _DECISION = Place("CUSTOMER"), Place("SYSTEM:KEY"), Place("DECISION")


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


@dataclass(frozen=True, slots=True)
class Meant:
    """Which standing decisions are meant: these numbers, and those of the author within [since, until)."""

    ids: tuple[int, ...] = ()
    by: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_said(self) -> bool:
        """Whether anything is asked for at all, though maybe no decision is it."""
        return bool(self.ids or self.by or self.since or self.until)

    def holds(self, decision: IdentityDecision) -> bool:
        """Whether the decision stands and is one of them otherwise than by its number."""
        if decision.ended_at is not None or not (self.by or self.since or self.until):
            return False
        begun = self.since is None or decision.created_at >= self.since
        return begun and self.by in {"", decision.author} and (self.until is None or decision.created_at < self.until)


def resolve_again(workspace: Workspace, database: Database, *, dry_run: bool = False) -> ResolvedCounts:
    """Bring the customers into line with the rules of identity as they stand; a dry run writes nothing.

    Raises RefusedError with everything wrong with the file of rules.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        return _tried(connection, workspace, rules, dry_run=dry_run)


def merge(
    workspace: Workspace, database: Database, customers: Sequence[str], because: Because, *, clock: Clock
) -> Decided:
    """Make one customer of the two that are named; shipments, complaints, levels and the old ids go along.

    Raises RefusedError for a text that names no customer or several, two that are one already, one that is locked, and
    where a decision stands, directly or in a chain with others, that they are not the same.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        found = [_named(connection, workspace, text) for text in customers]
        if found[0] == found[1]:
            said = f"'{customers[0]}' and '{customers[1]}' are one customer already"
            problems.append(Problem(_CUSTOMER, "same-customer", said, "there is nothing to do"))
        sides = [_records(connection, *each) for each in zip(found, customers, strict=True)]
        if found[0] != found[1]:
            problems += joining_problems(all_decisions(connection), sides[0], sides[1], _CUSTOMER)
        refuse_errors(problems)
        return _decide(connection, workspace, rules, _new("same", sides[0][0], sides[1][0], because, clock()))


def tell_apart(
    workspace: Workspace, database: Database, customers: Sequence[str], because: Because, *, clock: Clock
) -> Decided:
    """Say of the two named customers that they are not the same, so that nothing joins them any more.

    Raises RefusedError for a text that names no customer or several, two that are one, and where decisions stand that
    they are the same.
    """
    return _of_two(workspace, database, customers, because, kind="different", clock=clock)


def dismiss(
    workspace: Workspace, database: Database, customers: Sequence[str], because: Because, *, clock: Clock
) -> Decided:
    """Take the suggestion that the two are one out of the queue; keys may join them all the same.

    Raises RefusedError for a text that names no customer or several, and two that are one.
    """
    return _of_two(workspace, database, customers, because, kind="dismissed", clock=clock)


def split(
    workspace: Workspace, database: Database, customer: str, record: str, because: Because, *, clock: Clock
) -> Decided:
    """Part a record, SYSTEM:KEY, from the customer that it went into: it, and what is joined to it alone, go.

    Raises RefusedError for a text that names no customer or several, a record that is not one of its, or its only, a
    locked customer, and where decisions stand that its records are the same.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        records = records_of(connection, _named(connection, workspace, customer))
        chosen = [each for each in records if str(each) == record]
        others = [each for each in records if each not in chosen]
        if not chosen:
            near = did_you_mean(record, map(str, records))
            problems.append(Problem(_RECORD, "unknown-record", f"'{record[:200]}' is no record of '{customer}'", near))
        elif not others:
            problems.append(Problem(_RECORD, "only-record", f"'{record}' is the only record of '{customer}'"))
        else:
            decisions = all_decisions(connection)
            problems += parting_problems(decisions, others[0], chosen[0], _RECORD)
            problems += lock_problems(decisions, records, _CUSTOMER)
        refuse_errors(problems)
        return _decide(connection, workspace, rules, _new("different", others[0], chosen[0], because, clock()))


def lock(workspace: Workspace, database: Database, customer: str, because: Because, *, clock: Clock) -> Decided:
    """Keep the customer as it is: no key, load or suggestion joins or parts it until the lock is taken back.

    Waybills that name it by an account of its own remain its. Raises RefusedError for a text that names no customer or
    several, and one that is locked.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        records = records_of(connection, _named(connection, workspace, customer))
        problems += lock_problems(all_decisions(connection), records, _CUSTOMER)
        refuse_errors(problems)
        new = _new("lock", records[0], records[0], because, clock())
        return _decide(connection, workspace, rules, new, records)


def undo(
    workspace: Workspace, database: Database, meant: Meant, because: Because, *, clock: Clock, dry_run: bool = False
) -> Decided:
    """Take decisions back: the customers are what they would be had there never been any. A dry run writes nothing.

    None of an author or a time that has none. Raises RefusedError when a number does not exist or was taken back
    before, and when nothing is asked for.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        known = {decision.id: decision for decision in all_decisions(connection)}
        for number in meant.ids:
            problems += _undo_problems(number, known.get(number))
        chosen = sorted({*meant.ids, *(number for number, each in known.items() if meant.holds(each))})
        if not meant.is_said:
            remedy = "give numbers as 'kehu identity history' has them, --by, --since or --until"
            problems.append(Problem(_DECISION, "no-decision", "no decision is named", remedy))
        refuse_errors(problems)
        nested = connection.begin_nested()
        end_decisions(connection, chosen, by=because.author.strip(), reason=because.reason.strip(), now=clock())
        counts = _resolved(connection, workspace, rules)
        if dry_run:
            nested.rollback()
        else:
            nested.commit()
        return Decided(tuple(chosen), None, None, counts)


def _undo_problems(number: int, decision: IdentityDecision | None) -> list[Problem]:
    if decision is None:
        said = f"there is no decision {number}"
        return [Problem(_DECISION, "unknown-decision", said, "see 'kehu identity history'")]
    if decision.ended_at is not None:
        said = f"{decision.ended_by} took decision {number} back already"
        return [Problem(_DECISION, "ended-decision", said, "there is nothing left to do")]
    return []


def _of_two(
    workspace: Workspace,
    database: Database,
    customers: Sequence[str],
    because: Because,
    *,
    kind: DecisionKind,
    clock: Clock,
) -> Decided:
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        found = [_named(connection, workspace, text) for text in customers]
        left, right = (_records(connection, *each)[0] for each in zip(found, customers, strict=True))
        if found[0] == found[1]:
            said = f"'{customers[0]}' and '{customers[1]}' are one customer"
            problems.append(Problem(_CUSTOMER, "same-customer", said, "part them with 'kehu identity split'"))
        elif kind == "different":
            problems += parting_problems(all_decisions(connection), left, right, _CUSTOMER)
        refuse_errors(problems)
        return _decide(connection, workspace, rules, _new(kind, left, right, because, clock()))


def _named(connection: Connection, workspace: Workspace, text: str) -> int:
    return named_customer(connection, text, workspace.settings.phone_region, _CUSTOMER).customer_id


def _records(connection: Connection, customer_id: int, text: str) -> tuple[RecordName, ...]:
    """The customer's records, first the one that the text names, or else the one that its uid is made of."""
    records = records_of(connection, customer_id)
    return tuple(sorted(records, key=lambda record: text.strip() not in {record.key, str(record)}))


def _new(kind: DecisionKind, left: RecordName, right: RecordName, because: Because, now: datetime) -> IdentityDecision:
    return IdentityDecision(0, kind, left, right, because.reason.strip(), because.author.strip(), now)


def _decide(
    connection: Connection,
    workspace: Workspace,
    rules: IdentityRules,
    decision: IdentityDecision,
    locked: Sequence[RecordName] = (),
) -> Decided:
    number = add_decision(connection, decision, locked)
    return Decided((number,), decision.left, decision.right, _resolved(connection, workspace, rules))


def _tried(connection: Connection, workspace: Workspace, rules: IdentityRules, *, dry_run: bool) -> ResolvedCounts:
    nested = connection.begin_nested()
    counts = resolve_customers(connection, workspace.settings.phone_region, rules)
    mark_seen(connection)
    if dry_run:
        nested.rollback()
    else:
        nested.commit()
    return counts


def _resolved(connection: Connection, workspace: Workspace, rules: IdentityRules) -> ResolvedCounts:
    counts, moved = resolve_changes(connection, workspace.settings.phone_region, rules)
    mark_seen(connection, moved)
    return counts
