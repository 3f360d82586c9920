"""Warnings that fired, with the facts they fired on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from kehu.reader.columns import mapped
from kehu.reader.listings import Listing
from kehu.tables.runs import warnings


@dataclass(frozen=True, slots=True)
class FiredWarning:
    """A fired churn sign; open until a run clears it. `reason` is the sentence with its numbers filled in.

    `state` is how far people are with it, 'open', 'acknowledged' or 'closed', and `outcome` what came of it.
    """

    id: int
    customer_id: int
    ruleset: str
    warning: str
    severity: str
    reason: str
    reasons: Mapping[str, Any]
    route: Collection[str]
    fired_run_id: int
    cleared_run_id: int | None
    fired_at: datetime
    digest: str
    state: str
    outcome: str | None
    handled_by: str | None
    handled_at: datetime | None


_WARNINGS = mapped(FiredWarning, warnings)


def _listing(*, is_open: bool) -> Listing[FiredWarning]:
    only = warnings.c.cleared_run_id.is_(None) if is_open else None
    return Listing(warnings.c.id, (warnings.c.customer_id,), warnings, _WARNINGS.columns, _WARNINGS.build, only=only)


OPEN_WARNINGS = _listing(is_open=True)
ALL_WARNINGS = _listing(is_open=False)


def warnings_by_id(connection: Connection, ids: Collection[int]) -> dict[int, FiredWarning]:
    """Unknown ids are absent."""
    return _WARNINGS.by(connection, warnings.c.id, ids)
