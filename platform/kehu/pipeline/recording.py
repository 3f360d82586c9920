"""What people note while they work: complaints that come in, how they end, visits that were held."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from kehu.model.graph import SATISFACTION_DIMENSIONS, SEVERITIES
from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.pipeline.named_customer import is_storable, named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, writing
from kehu.reader.events import complaints_by_id, visits_by_id
from kehu.reader.versions import version_problems
from kehu.store.own_records import add_event, change_event, saw
from kehu.tables.facts import employees
from kehu.workspace.workspace import Workspace

_LONGEST = 10_000
_BEST = 5


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted, by the names of its fields; None is unknown. `places` says where each was written."""

    values: Mapping[str, str | int | datetime | None]
    places: Mapping[str, Place] = field(default_factory=dict)

    def place(self, name: str) -> Place:
        """Where the field was written."""
        return self.places.get(name, Place(name))

    def given(self) -> dict[str, str | int | datetime]:
        """The fields that are known, texts without blanks around them."""
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in self.values.items()}
        return {name: value for name, value in stripped.items() if value not in {None, ""}}


def record_complaint(workspace: Workspace, database: Database, customer: str, noted: Noted, *, clock: Clock) -> int:
    """Take down a complaint of the named customer; returns its id. Without `opened_at` it came in now.

    Raises RefusedError for a text that names no customer or several, and everything wrong with what is noted.
    """
    with writing(database) as connection:
        now = clock()
        values = {"opened_at": now, **noted.given(), "currency": workspace.settings.currency}
        problems = [*_problems(connection, noted, now, staff="handler")]
        severity = values.get("severity")
        if severity is not None and severity not in SEVERITIES:
            remedy = did_you_mean(str(severity), SEVERITIES)
            problems.append(Problem(noted.place("severity"), "bad-word", f"'{severity}' is no severity", remedy))
        refuse_errors(problems)
        owner = _customer(connection, workspace, customer, noted)
        number = add_event(connection, "complaint", owner, values, now=now)
        opened = values["opened_at"]
        if isinstance(opened, datetime):
            saw(connection, owner, opened)
    return number


def settle_complaint(
    database: Database, complaint: int, noted: Noted, *, clock: Clock, expected: str | None = None
) -> None:
    """Note how a complaint went on: `responded_at`, `resolved_at`, `outcome`, `handler`.

    Raises RefusedError when there is none of that id, or it is not in the version that was expected, and everything
    wrong with what is noted.
    """
    with writing(database) as connection:
        found = complaints_by_id(connection, [complaint]).get(complaint)
        problems = [*_problems(connection, noted, clock(), staff="handler")]
        if found is None:
            said = f"there is no complaint {complaint}"
            problems.append(Problem(noted.place("id"), "unknown-complaint", said, "read the complaints again"))
        else:
            early = [
                Problem(noted.place(name), "before-its-begin", f"the complaint came in after that, {found.opened_at}")
                for name in ("responded_at", "resolved_at")
                if isinstance(at := noted.values.get(name), datetime) and at < found.opened_at
            ]
            problems += [*early, *version_problems(found, expected, noted.place("expected_version"))]
        given = noted.given()
        if not given:
            problems.append(Problem(noted.place("id"), "nothing-noted", "nothing is noted of it", "say what happened"))
        refuse_errors(problems)
        change_event(connection, "complaint", complaint, given)


def hold_visit(
    workspace: Workspace,
    database: Database,
    visited: str | int,
    noted: Noted,
    *,
    clock: Clock,
    expected: str | None = None,
) -> int:
    """Note a visit that was held: a planned one by its id, or one that nobody planned by whom it was paid to.

    Without `held_at` it was held now. Returns its id. Raises RefusedError as `record_complaint` does, for a visit that
    there is not, for one that was held before, and for a planned one in another version than was expected.
    """
    with writing(database) as connection:
        now = clock()
        held = noted.values.get("held_at") or now
        values = {**noted.given(), "held_at": held}
        problems = [*_problems(connection, noted, now, staff="staff"), *_score_problems(noted)]
        planned = visits_by_id(connection, [visited]).get(visited) if isinstance(visited, int) else None
        if isinstance(visited, int):
            if planned is None:
                said = f"there is no visit {visited}"
                problems.append(Problem(noted.place("id"), "unknown-visit", said, "read the visits again"))
            elif planned.held_at is not None:
                said = f"visit '{planned.number}' was held already, on {planned.held_at}"
                problems.append(Problem(noted.place("id"), "held-visit", said, "note another visit"))
            else:
                problems += version_problems(planned, expected, noted.place("expected_version"))
        refuse_errors(problems)
        if planned is not None:
            number, owner = planned.id, planned.customer_id
            change_event(connection, "visit", number, values)
        else:
            owner = _customer(connection, workspace, str(visited), noted)
            number = add_event(connection, "visit", owner, values, now=now)
        if owner is not None and isinstance(held, datetime):
            saw(connection, owner, held)
    return number


def _customer(connection: Connection, workspace: Workspace, text: str, noted: Noted) -> int:
    region = workspace.settings.phone_region
    return named_customer(connection, text, region, noted.place("customer")).customer_id


def _problems(connection: Connection, noted: Noted, now: datetime, *, staff: str) -> list[Problem]:
    problems = []
    for name, value in noted.values.items():
        if isinstance(value, str) and (not is_storable(value) or len(value) > _LONGEST):
            remedy = f"write at most {_LONGEST:,} characters, without NUL"
            problems.append(Problem(noted.place(name), "no-text", f"{value[:20]!a} cannot be kept", remedy))
        if isinstance(value, datetime) and value > now and name not in {"due_at", "next_due_at"}:
            problems.append(Problem(noted.place(name), "in-the-future", f"{value} has not come yet: it is {now}"))
    who = noted.given().get(staff)
    if isinstance(who, str) and is_storable(who):
        known = set(connection.execute(select(employees.c.number)).scalars())
        if who not in known:
            said = f"no employee has the number '{who}'"
            problems.append(Problem(noted.place(staff), "unknown-employee", said, did_you_mean(who, known)))
    return problems


def _score_problems(noted: Noted) -> list[Problem]:
    return [
        Problem(noted.place(name), "bad-score", f"{score} is no score", f"give 1, worst, to {_BEST}, best")
        for name in SATISFACTION_DIMENSIONS
        if isinstance(score := noted.values.get(name), int) and not 1 <= score <= _BEST
    ]
