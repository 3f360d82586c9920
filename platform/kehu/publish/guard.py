"""The size guard: levels and warnings that changed too much to be published unseen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kehu.tables.runs import publication, runs


@dataclass(frozen=True, slots=True)
class Guard:
    """`max_change` is a share of the members before, None to hold nothing; fewer than `min_members` never count."""

    max_change: float | None
    min_members: int


@dataclass(frozen=True, slots=True)
class SizeChange:
    """A level, or a warning without a `ruleset`, and its members in the published run and in the new one."""

    ruleset: str
    code: str
    before: int
    after: int

    def __str__(self) -> str:
        name = f"{self.ruleset}:{self.code}" if self.ruleset else self.code
        verb = "grow" if self.after > self.before else "shrink"
        return f"{name} would {verb} from {self.before:,} to {self.after:,} customers"


def size_changes(
    guard: Guard, before: Mapping[str, Any], after: Mapping[str, Any], customers: int = 0
) -> tuple[SizeChange, ...]:
    """Whatever changed by more than the guard's share, of counts by `levels` and `warnings` as runs record them.

    What is new has no size to compare with; what is no longer there has 0 members. What was empty has changed too much
    when it takes more than that share of all `customers`. Nor are warnings compared that are called with their rule set
    on one side only, see `kehu.publish.publish`. In the order of `after`.
    """
    if guard.max_change is None:
        return ()
    old, new = _sizes(before), _sizes(after)
    told = {_plain(key) for key in new}
    codes = [key for key in new if key in old] + [key for key in old if key not in new and _plain(key) not in told]
    changes = (SizeChange(*key, old[key], new.get(key, 0)) for key in codes)
    return tuple(change for change in changes if _is_large(guard, change, customers))


def _plain(key: tuple[str, str]) -> tuple[str, str]:
    ruleset, code = key
    return ruleset, code.rpartition(":")[2]


def published_counts(connection: Connection) -> Mapping[str, Any]:
    """What the published run counted; empty before the first."""
    query = select(runs.c.counts).join(publication, publication.c.run_id == runs.c.id)
    return connection.execute(query).scalar() or {}


def _is_large(guard: Guard, change: SizeChange, customers: int) -> bool:
    counts = max(change.before, change.after) >= guard.min_members
    base = change.before or customers
    return counts and abs(change.after - change.before) > (guard.max_change or 0) * base


def _sizes(counts: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    levels = {
        (ruleset, level): n for ruleset, by_level in counts.get("levels", {}).items() for level, n in by_level.items()
    }
    return levels | {("", warning): n for warning, n in counts.get("warnings", {}).items()}
