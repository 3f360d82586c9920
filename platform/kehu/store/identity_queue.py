"""What waits for a person to decide: suggestions and contested keys, kept as of one state of the records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import polars as pl
from sqlalchemy import Connection, FromClause, Text, and_, column, delete, func, insert, select, table

from kehu.store.bulk import insert_frame, read_frame, stage
from kehu.store.identity_decisions import RecordName
from kehu.tables.columns import BIG
from kehu.tables.facts import batches, customer_records, customers, source_records
from kehu.tables.identity import (
    contested_keys,
    erasures,
    identity_decisions,
    identity_queue,
    identity_suggestions,
    locked_records,
)

_SIZE = 16
DESCRIBED = ("name", "phone", "phone_2", "email", "tax_code", "address", "city")


@dataclass(frozen=True, slots=True)
class QueueState:
    """As of when the queue was made, for which least probability, and of which records and rules."""

    least: float
    state: str
    computed_at: datetime


def records_state(connection: Connection, rules: str) -> str:
    """A word that changes with every row that is loaded or erased, and with the rules of identity, a text."""
    loaded = connection.execute(select(func.sum(batches.c.loaded))).scalar()
    erased = connection.execute(select(func.count(erasures.c.id))).scalar()
    return blake2b(repr((int(loaded or 0), erased, rules)).encode(), digest_size=_SIZE).hexdigest()


def queue_state(connection: Connection) -> QueueState | None:
    """None where no queue was ever made."""
    columns = (identity_queue.c.least, identity_queue.c.state, identity_queue.c.computed_at)
    row = connection.execute(select(*columns)).one_or_none()
    return None if row is None else QueueState(*row)


def replace_queue(
    connection: Connection,
    suggestions: pl.DataFrame,
    contested: Sequence[Mapping[str, object]],
    state: QueueState,
) -> None:
    """Write the queue in place of the one there was.

    `suggestions` has left_id, right_id, probability and evidence (JSON text), in any order; `contested` rule,
    because and records.
    """
    for kept in (identity_suggestions, contested_keys, identity_queue):
        connection.execute(delete(kept))
    numbered = suggestions.with_row_index("id", offset=1).cast({"id": pl.Int64})
    insert_frame(connection, identity_suggestions, numbered)
    rows = [{"id": number, **row} for number, row in enumerate(contested, 1)]
    if rows:
        connection.execute(insert(contested_keys), rows)
    values = {"least": state.least, "state": state.state, "computed_at": state.computed_at}
    connection.execute(insert(identity_queue).values(id=1, **values))


def read_suggestions(connection: Connection, least: float) -> pl.DataFrame:
    """Columns id, left_id, right_id, probability, and of both sides the customer's uid and the record's system.

    The surest first, then by the records' ids; without those of a record that is no longer there.
    """
    queued = identity_suggestions.c
    joined: FromClause = identity_suggestions
    sides = []
    for name, record in (("left", queued.left_id), ("right", queued.right_id)):
        owned, source, owner = (each.alias() for each in (customer_records, source_records, customers))
        joined = joined.join(owned, owned.c.id == record).join(source, source.c.id == record)
        joined = joined.join(owner, owner.c.id == owned.c.customer_id)
        sides += [owner.c.uid.label(f"{name}_uid"), source.c.system.label(f"{name}_system")]
    columns = (queued.id, queued.left_id, queued.right_id, queued.probability, *sides)
    order = (queued.probability.desc(), queued.left_id, queued.right_id)
    query = select(*columns).select_from(joined).where(queued.probability >= least)
    return read_frame(connection, query.order_by(*order))


def read_evidence(connection: Connection, suggestions: pl.Series) -> pl.DataFrame:
    """Columns id, evidence (JSON text) of the suggestions of these ids."""
    queued = identity_suggestions.c
    return read_frame(connection, select(queued.id, queued.evidence).where(queued.id.in_(suggestions.to_list())))


def read_contested(connection: Connection) -> list[Mapping[str, object]]:
    """Rows of id, rule, because, records, by id."""
    rows = connection.execute(select(contested_keys).order_by(contested_keys.c.id)).mappings()
    return [dict(row) for row in rows]


def read_described(connection: Connection, records: pl.Series) -> pl.DataFrame:
    """Of the records of these ids: id, their names, their customer's uid, name and lock (null: none), their fields.

    A record that is no longer there is absent.
    """
    stage(connection, "staged_records", pl.DataFrame({"id": records.unique()}))
    wanted = select(table("staged_records", column("id", BIG)).c.id)
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id).join(
        customers, customers.c.id == customer_records.c.customer_id
    )
    fields = [customer_records.c[name].label(name) for name in DESCRIBED]
    columns = (customer_records.c.id, customer_records.c.origin, source_records.c.system, source_records.c.key)
    query = select(*columns, customers.c.uid, customers.c.name.label("customer"), *fields).select_from(joined)
    found = read_frame(connection, query.where(customer_records.c.id.in_(wanted)))
    locks = _locked_customers(connection)
    return found.join(locks, on="uid", how="left", maintain_order="left")


def read_owners(connection: Connection, names: Collection[RecordName]) -> dict[RecordName, str]:
    """The uid of each named record's customer; records that are not there are absent."""
    rows = [(name.origin, name.system, name.key) for name in set(names)]
    named = pl.DataFrame(rows, schema=dict.fromkeys(("origin", "system", "key"), pl.String()), orient="row")
    stage(connection, "staged_names", named)
    staged = table("staged_names", column("origin", Text), column("system", Text), column("key", Text))
    joined = (
        source_records.join(customer_records, customer_records.c.id == source_records.c.id)
        .join(customers, customers.c.id == customer_records.c.customer_id)
        .join(staged, and_(source_records.c.system == staged.c.system, source_records.c.key == staged.c.key))
    )
    columns = (customer_records.c.origin, source_records.c.system, source_records.c.key, customers.c.uid)
    query = select(*columns).select_from(joined).where(customer_records.c.origin == staged.c.origin)
    return {RecordName(*row[:3]): row[3] for row in read_frame(connection, query).rows()}


def _locked_customers(connection: Connection) -> pl.DataFrame:
    """Columns uid, lock of every locked customer; of several locks the first."""
    at = (source_records.c.system == locked_records.c.system, source_records.c.key == locked_records.c.key)
    decided = identity_decisions.c.id == locked_records.c.decision_id
    joined = (
        locked_records.join(identity_decisions, decided)
        .join(source_records, and_(*at))
        .join(customer_records, customer_records.c.id == source_records.c.id)
        .join(customers, customers.c.id == customer_records.c.customer_id)
    )
    query = select(customers.c.uid, locked_records.c.decision_id.label("lock")).select_from(joined)
    standing = (identity_decisions.c.ended_at.is_(None), customer_records.c.origin == locked_records.c.origin)
    return read_frame(connection, query.where(*standing)).group_by("uid").agg(pl.col("lock").min())
