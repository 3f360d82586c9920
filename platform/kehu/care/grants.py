"""Which levels grant a treatment, by the rule versions of the published run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, null, select

from kehu.model.durations import parse_duration
from kehu.tables.runs import memberships, publication, rule_versions, run_rules

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """A level that grants a span of time; `rank` is its place in its rule set, 0 for the first level."""

    ruleset: str
    level: str
    rank: int
    span: timedelta


def duration_grants(connection: Connection, treatment: str) -> tuple[Grant, ...]:
    """Levels whose `treatment` is a duration, by rule set and rank; none before the first publication.

    A treatment that is no duration raises ValueError naming the rule file's path and the level.
    """
    return tuple(
        Grant(ruleset, level["code"], rank, _span(path, level, treatment))
        for ruleset, path, definition in _published(connection)
        for rank, level in enumerate(definition.get("levels", ()))
        if treatment in (level.get("treatment") or {})
    )


def ladder(connection: Connection, treatment: str) -> tuple[str, tuple[str, ...]] | None:
    """The rule set that ranks customers for a treatment, and all its levels in order; None when none grants it.

    It is the one with the most levels that grant it, the earlier in the directory among equals.
    """
    best: tuple[str, tuple[str, ...]] | None = None
    most = 0
    for ruleset, _, definition in _published(connection):
        levels = definition.get("levels", ())
        granting = sum(treatment in (level.get("treatment") or {}) for level in levels)
        if granting > most:
            best, most = (ruleset, tuple(level["code"] for level in levels)), granting
    return best


def shortest_span(grants: Sequence[Grant]) -> ColumnElement[int]:
    """Over rows of memberships: the least microseconds that the levels grant; unknown when they grant none."""
    cases = [
        (and_(memberships.c.ruleset == grant.ruleset, memberships.c.level == grant.level), grant.span // MICROSECOND)
        for grant in grants
    ]
    return func.min(case(*cases, else_=None) if cases else null(), type_=BigInteger())


def _published(connection: Connection) -> list[tuple[str, str, Mapping[str, Any]]]:
    statement = (
        select(rule_versions.c.ruleset, rule_versions.c.path, rule_versions.c.definition)
        .join(run_rules, run_rules.c.digest == rule_versions.c.digest)
        .join(publication, publication.c.run_id == run_rules.c.run_id)
        .order_by(run_rules.c.position, run_rules.c.ruleset)
    )
    return [(row.ruleset, row.path, row.definition) for row in connection.execute(statement)]


def _span(path: str, level: Mapping[str, Any], treatment: str) -> timedelta:
    try:
        return parse_duration(level["treatment"][treatment])
    except ValueError as error:
        raise ValueError(f"{path}: level '{level['code']}', treatment '{treatment}': {error}") from None
