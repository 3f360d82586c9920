"""What resolving remembers between loads: which record bears which value, and what was parted by whom."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, column, delete, insert, select, table, text

from kehu.identity.islands import PARTED_SCHEMA
from kehu.identity.resolve import DECIDED_SCHEMA
from kehu.store.bulk import insert_frame, read_frame, stage
from kehu.tables.columns import BIG
from kehu.tables.identity_index import identity_state, parted_records, record_values

# CROSS JOIN keeps SQLite to this order: a look-up for each staged row, never a scan.
_BEARERS = """
SELECT v.value, v.record_id, v.name FROM staged_values AS s CROSS JOIN record_values AS v WHERE v.value = s.value
"""
_ISLANDERS = """
SELECT other.record_id, other.island FROM staged_records AS s CROSS JOIN parted_records AS p
CROSS JOIN parted_records AS other WHERE p.record_id = s.id AND other.island = p.island
"""
_LOCKED = dict.fromkeys(("origin", "system", "key"), pl.String())
_STAGED = select(table("staged_records", column("id")).c.id)


@dataclass(frozen=True, slots=True)
class IdentityState:
    """As of the last resolution: the fingerprint of its rules, what people had said, and how many there were.

    `pairs` are decisions as resolving takes them, `locked` the records of locked customers: origin, system, key.
    """

    fingerprint: str
    pairs: pl.DataFrame
    locked: pl.DataFrame
    records: int
    customers: int


def read_state(connection: Connection) -> IdentityState | None:
    """None where nothing was ever resolved, or not by a version that remembers."""
    row = connection.execute(select(identity_state)).one_or_none()
    if row is None:
        return None
    pairs = pl.DataFrame(row.decided["pairs"], schema=DECIDED_SCHEMA, orient="row")
    locked = pl.DataFrame(row.decided["locked"], schema=_LOCKED, orient="row")
    return IdentityState(row.fingerprint, pairs, locked, row.records, row.customers)


def write_state(connection: Connection, state: IdentityState) -> None:
    """Remember the state in place of the last one."""
    connection.execute(delete(identity_state))
    said = {"pairs": state.pairs, "locked": state.locked}
    decided = {name: [list(row) for row in frame.rows()] for name, frame in said.items()}
    row = {"fingerprint": state.fingerprint, "records": state.records, "customers": state.customers}
    connection.execute(insert(identity_state).values(id=1, decided=decided, **row))


def values_of(connection: Connection, ids: pl.Series) -> pl.Series:
    """The values that the records bore when they were resolved last."""
    stage(connection, "staged_records", ids.to_frame("id"))
    query = select(record_values.c.value).where(record_values.c.record_id.in_(_STAGED)).distinct()
    return read_frame(connection, query)["value"]


def bearers_of(connection: Connection, values: pl.Series) -> pl.DataFrame:
    """Columns value, record_id, name: who bore the values when they were resolved last."""
    stage(connection, "staged_values", values.to_frame("value"))
    query = text(_BEARERS).columns(column("value", BIG), column("record_id", BIG), column("name", BIG))
    return read_frame(connection, query)


def parted_with(connection: Connection, ids: pl.Series) -> pl.Series:
    """Every record of the parted islands that the records are of."""
    stage(connection, "staged_records", ids.to_frame("id"))
    query = text(_ISLANDERS).columns(column("record_id", BIG), column("island", BIG))
    return read_frame(connection, query)["record_id"].unique()


def renew(connection: Connection, concerned: pl.Series, values: pl.DataFrame, parted: pl.DataFrame) -> None:
    """Remember values (id, value, name) and parted islands of the records concerned, and nothing else of them."""
    stage(connection, "staged_records", concerned.to_frame("id"))
    stored = read_frame(connection, select(record_values).where(record_values.c.record_id.in_(_STAGED)))
    wanted = values.rename({"id": "record_id"}).select("value", "record_id", "name")
    same = wanted.columns
    surplus = stored.join(wanted, on=same, how="anti", nulls_equal=True)
    for value, record in surplus.select("value", "record_id").rows():
        found = (record_values.c.value == value, record_values.c.record_id == record)
        connection.execute(delete(record_values).where(*found))
    insert_frame(connection, record_values, wanted.join(stored, on=same, how="anti", nulls_equal=True))
    connection.execute(delete(parted_records).where(parted_records.c.record_id.in_(_STAGED)))
    insert_frame(connection, parted_records, _named(parted))


def write_anew(connection: Connection, values: pl.DataFrame, parted: pl.DataFrame) -> None:
    """Remember these values (id, value, name) and parted islands alone."""
    connection.execute(delete(record_values))
    connection.execute(delete(parted_records))
    wanted = values.rename({"id": "record_id"}).select("value", "record_id", "name").sort("value", "record_id")
    index = next(iter(record_values.indexes))
    index.drop(connection, checkfirst=True)
    insert_frame(connection, record_values, wanted)
    index.create(connection, checkfirst=True)
    insert_frame(connection, parted_records, _named(parted))


def _named(parted: pl.DataFrame) -> pl.DataFrame:
    return parted.cast(PARTED_SCHEMA).rename({"id": "record_id"})  # type: ignore[arg-type]  # names to types
