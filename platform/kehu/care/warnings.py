"""Open warnings: the gravest first, then the newest."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, select, true

from kehu.care.queues import Queue, Slice, read_slice
from kehu.model.graph import SEVERITIES
from kehu.store.counting import count_rows
from kehu.tables.facts import customers, employees
from kehu.tables.runs import warnings


@dataclass(frozen=True, slots=True)
class WarningFilter:
    """Which open warnings are wanted; None takes any. `route` is a department's code, `owner` an employee number."""

    route: str | None = None
    severity: str | None = None
    ruleset: str | None = None
    warning: str | None = None
    owner: str | None = None


def open_warnings(connection: Connection, wanted: WarningFilter, window: Slice) -> Queue[int]:
    """Ids of warnings that no run has cleared: by severity, the gravest first, then the last fired first."""
    gravity = case({severity: -place for place, severity in enumerate(SEVERITIES)}, value=warnings.c.severity, else_=1)
    statement = select(warnings.c.id).where(_matches(wanted))
    return read_slice(connection, statement, (gravity, -warnings.c.id), window, lambda row: int(row.id))


def count_open_warnings(connection: Connection, wanted: WarningFilter, *, up_to: int | None = None) -> int:
    """How long the queue is; `up_to` stops counting there."""
    return count_rows(connection, select(warnings.c.id).where(_matches(wanted)), up_to=up_to)


def _matches(wanted: WarningFilter) -> ColumnElement[bool]:
    return and_(
        warnings.c.cleared_run_id.is_(None),
        _is(warnings.c.severity, wanted.severity),
        _is(warnings.c.ruleset, wanted.ruleset),
        _is(warnings.c.warning, wanted.warning),
        # The route is a JSON list of plain codes: one of them stands in its text between quotes.
        true() if wanted.route is None else cast(warnings.c.route, Text).contains(f'"{wanted.route}"', autoescape=True),
        true() if wanted.owner is None else warnings.c.customer_id.in_(_owned_by(wanted.owner)),
    )


def _is(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    return true() if value is None else column == value


def _owned_by(number: str) -> Any:
    return (
        select(customers.c.id)
        .join(employees, employees.c.id == customers.c.owner_id)
        .where(employees.c.number == number)
    )
