"""An account manager's book, all the customers that somebody owns, handed over to another."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Row, select

from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.identity_contradictions import said_problems
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.named_customer import surely_named
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, writing
from kehu.store.corrections import Correction, add_correction
from kehu.store.golden import renew_golden
from kehu.store.identity_decisions import RecordName
from kehu.store.own_records import first_records
from kehu.tables.facts import customer_records, customers, employees, source_records
from kehu.workspace.workspace import Workspace

_FROM, _TO, _CUSTOMERS = Place("FROM"), Place("TO"), Place("CUSTOMERS")


def hand_over(
    workspace: Workspace,
    database: Database,
    ends: tuple[str, str],
    because: Because,
    *,
    clock: Clock,
    only: Sequence[str] = (),
) -> tuple[int, ...]:
    """Let the second employee own what the first does, or `only` the customers of these uids or departments' keys.

    Each becomes a correction of the owner, which wins over what departments say until it is taken back. Returns the
    customers' ids. Raises RefusedError for employees that there are not, or who have left, for a customer whom the
    first does not own, and for an empty book.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        giver, taker = (_employee(connection, number) for number in ends)
        problems += _employee_problems(connection, ends, giver, taker)
        owned = [] if giver is None else _owned(connection, giver.id)
        chosen, found = _chosen(connection, owned, only)
        problems += found
        if giver is not None and not chosen and not found:
            problems.append(
                Problem(_FROM, "empty-book", f"'{ends[0]}' owns no customer", "there is nothing to hand over")
            )
        refuse_errors(problems)
        said = (because.reason.strip(), because.author.strip(), clock())
        for name in _names(connection, chosen):
            add_correction(connection, Correction(0, name, "owner", ends[1], *said))
        renew_golden(connection, pl.Series(chosen, dtype=pl.Int64), workspace.settings.phone_region, rules)
    return tuple(chosen)


def _employee(connection: Connection, number: str) -> Row[int, bool] | None:
    query = select(employees.c.id, employees.c.active).where(employees.c.number == number)
    return connection.execute(query).one_or_none()


def _employee_problems(
    connection: Connection,
    ends: tuple[str, str],
    giver: Row[int, bool] | None,
    taker: Row[int, bool] | None,
) -> list[Problem]:
    known = list(connection.execute(select(employees.c.number)).scalars())
    problems = [
        Problem(place, "unknown-employee", f"no employee has the number '{number}'", did_you_mean(number, known))
        for place, number, found in ((_FROM, ends[0], giver), (_TO, ends[1], taker))
        if found is None
    ]
    if taker is not None and not taker.active:
        problems.append(Problem(_TO, "former-employee", f"'{ends[1]}' is no longer with us", "choose another"))
    if ends[0] == ends[1]:
        problems.append(Problem(_TO, "same-employee", f"'{ends[1]}' has the book already", "choose another"))
    return problems


def _owned(connection: Connection, employee: int) -> list[int]:
    query = select(customers.c.id).where(customers.c.owner_id == employee).order_by(customers.c.id)
    return list(connection.execute(query).scalars())


def _chosen(connection: Connection, owned: Sequence[int], only: Sequence[str]) -> tuple[list[int], list[Problem]]:
    """Of the owned ones those meant, and what is wrong with those named."""
    if not only:
        return list(owned), []
    named = surely_named(connection, only)
    problems = [
        Problem(_CUSTOMERS, "not-in-the-book", f"'{text}' is none of the customers that the first employee owns")
        for text in only
        if text not in named or named[text].id not in set(owned)
    ]
    return sorted({each.id for each in named.values()} & set(owned)), problems


def _names(connection: Connection, customer_ids: Sequence[int]) -> list[RecordName]:
    """What the customers' first records are called."""
    first = first_records(connection, list(customer_ids))
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (customer_records.c.origin, source_records.c.system, source_records.c.key)
    query = select(*columns).select_from(joined).where(customer_records.c.id.in_(first.values()))
    return [RecordName(*row) for row in connection.execute(query.order_by(customer_records.c.id))]
