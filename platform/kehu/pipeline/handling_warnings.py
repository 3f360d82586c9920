"""Warnings that people look after: acknowledged when somebody takes care, closed when it is known what came of it."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, writing
from kehu.pipeline.wishes import shown, words_problems
from kehu.reader.versions import version_problems
from kehu.reader.warnings import FiredWarning, warnings_by_id
from kehu.tables.runs import warnings

ACKNOWLEDGED, CLOSED = "acknowledged", "closed"


@dataclass(frozen=True, slots=True)
class Handling:
    """A warning, by its number, that is looked after by `author`, who saw it in version `expected`; None for any."""

    warning: int
    author: str
    place: Place
    expected: str | None = None


def acknowledge(database: Database, handling: Handling, *, clock: Clock) -> FiredWarning:
    """Say that somebody takes care of the warning; returns it as it was.

    Raises RefusedError when there is none of that number, another version of it is meant, or somebody did so before.
    """
    with writing(database) as connection:
        found, problems = _found(connection, handling)
        if found.state != "open":
            by = f"{found.handled_by} has" if found.handled_by else "somebody has"
            when = "" if found.handled_at is None else f" on {shown(found.handled_at)}"
            said = f"{by} {found.state} warning {found.id}{when}"
            problems.append(Problem(handling.place, "handled-warning", said, "there is nothing left to do"))
        refuse_errors(problems)
        _write(connection, handling, ACKNOWLEDGED, found.outcome, clock)
    return found


def close(database: Database, handling: Handling, outcome: str, *, clock: Clock) -> FiredWarning:
    """Write down what came of the warning; returns it as it was. It may be said again, the last word counts.

    Raises RefusedError when there is none of that number, another version of it is meant, or the outcome says nothing.
    """
    places = {"reason": Place("input.outcome"), "author": Place("")}
    with writing(database) as connection:
        found, problems = _found(connection, handling)
        problems += words_problems(outcome, handling.author, places)
        refuse_errors(problems)
        _write(connection, handling, CLOSED, outcome.strip(), clock)
    return found


def _found(connection: Connection, handling: Handling) -> tuple[FiredWarning, list[Problem]]:
    found = warnings_by_id(connection, [handling.warning]).get(handling.warning)
    if found is None:
        said = f"there is no warning {handling.warning}"
        raise RefusedError([Problem(handling.place, "unknown-warning", said, "read the warnings again")])
    return found, version_problems(found, handling.expected, Place("input.expectedVersion"))


def _write(connection: Connection, handling: Handling, state: str, outcome: str | None, clock: Clock) -> None:
    values = {"state": state, "outcome": outcome, "handled_by": handling.author, "handled_at": clock()}
    connection.execute(update(warnings).where(warnings.c.id == handling.warning).values(**values))
