"""The queue computed anew: which customers may be one, and which keys a limit or a decision refused."""

import json
from collections.abc import Mapping
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from kehu.identity.evidence import COMPARISONS, LEFT, RIGHT
from kehu.identity.keys import identity_keys
from kehu.identity.locks import with_locks
from kehu.identity.resolve import resolve
from kehu.identity.rules import IdentityRules
from kehu.identity.suggestions import suggested
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.transactions import Database, reading, writing
from kehu.store.identified import read_identified
from kehu.store.identity_decisions import decided_pairs, read_locked
from kehu.store.identity_queue import QueueState, queue_state, records_state, replace_queue
from kehu.workspace.workspace import Workspace


def refresh(workspace: Workspace, database: Database, *, least: float, now: datetime) -> None:
    """Compute the queue anew and keep it: suggestions of probability `least` or more, and contested keys.

    It looks at all records, so it takes as long as a load. Raises RefusedError with everything wrong with the rules.
    """
    rules = workspace_identity(workspace)
    with reading(database) as connection:
        state = records_state(connection, _text(rules))
        records = read_identified(connection, workspace.settings.phone_region)
        decided, locked = decided_pairs(connection), read_locked(connection)
    suggestions = _queued(suggested(records, rules, least=least))
    contested = _contested(with_locks(records, locked), rules, decided)
    with writing(database) as connection:
        replace_queue(connection, suggestions, contested, QueueState(least, state, now))


def is_stale(connection: Connection, workspace: Workspace, *, least: float = 1.0) -> bool:
    """Whether the queue is of other records or rules than there are now, or leaves out what is as sure as `least`."""
    state = queue_state(connection)
    now = records_state(connection, _text(workspace_identity(workspace)))
    return state is None or state.state != now or state.least > least


def _text(rules: IdentityRules) -> str:
    values = [
        (name, sorted(each.blocked), each.names, each.per_customer) for name, each in sorted(rules.values.items())
    ]
    return repr((rules.keys, values, sorted(rules.generic_words)))


def _queued(found: pl.DataFrame) -> pl.DataFrame:
    evidence = [_evidence(row) for row in found.iter_rows(named=True)]
    sides = found.select(left_id=f"{LEFT}id", right_id=f"{RIGHT}id", probability="probability")
    return sides.with_columns(pl.Series("evidence", evidence, dtype=pl.String))


def _evidence(row: Mapping[str, object]) -> str:
    told = []
    for comparison in COMPARISONS:
        grade, bits = row[comparison.field], row[f"bits_{comparison.field}"]
        said = comparison.grades[grade] if isinstance(grade, int) else None
        told.append(
            {"field": comparison.field, "grade": said, "bits": round(bits, 1) if isinstance(bits, float) else 0.0}
        )
    return json.dumps(told)


def _contested(records: pl.DataFrame, rules: IdentityRules, decided: pl.DataFrame) -> list[Mapping[str, object]]:
    """Rows of rule, because, records: the keys refused, each with all that bear it."""
    refused = resolve(records, rules, decided).contested.select("rule", "key", "because").unique()
    borne = identity_keys(records, rules).join(refused, on=["rule", "key"])
    grouped = borne.group_by("rule", "key", "because").agg(pl.col("id").unique().sort()).sort("rule", "key")
    codes = ["source", *(rule.code for rule in rules.keys)]
    return [
        {"rule": codes[rule], "because": because, "records": ids}
        for rule, because, ids in grouped.select("rule", "because", "id").iter_rows()
    ]
