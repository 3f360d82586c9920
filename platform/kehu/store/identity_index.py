"""What resolving remembers between loads: which record bears which value, and what was parted by whom."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, delete, insert, select, update

from kehu.identity.islands import PARTED_SCHEMA
from kehu.identity.resolve import DECIDED_SCHEMA
from kehu.store.among import among
from kehu.store.bulk import insert_frame, read_frame
from kehu.store.unshared import unshared
from kehu.tables.identity_index import identity_state, parted_records, record_values

_LOCKED = dict.fromkeys(("origin", "system", "key"), pl.String())


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
    said = {"pairs": state.pairs, "locked": state.locked}
    decided = {name: [list(row) for row in frame.rows()] for name, frame in said.items()}
    row = {"fingerprint": state.fingerprint, "records": state.records, "customers": state.customers}
    known = connection.execute(update(identity_state).values(decided=decided, **row)).rowcount
    if not known:
        connection.execute(insert(identity_state).values(id=1, decided=decided, **row))


def values_of(connection: Connection, ids: pl.Series) -> pl.Series:
    """The values that the records bore when they were resolved last."""
    query = select(record_values.c.value).where(among(connection, record_values.c.record_id, ids)).distinct()
    return read_frame(connection, query)["value"]


def bearers_of(connection: Connection, values: pl.Series) -> pl.DataFrame:
    """Columns value, record_id, name: who bore the values when they were resolved last."""
    columns = (record_values.c.value, record_values.c.record_id, record_values.c.name)
    return read_frame(connection, select(*columns).where(among(connection, record_values.c.value, values)))


def parted_with(connection: Connection, ids: pl.Series) -> pl.Series:
    """Every record of the parted islands that the records are of."""
    theirs = select(parted_records.c.island).where(among(connection, parted_records.c.record_id, ids))
    query = select(parted_records.c.record_id).where(parted_records.c.island.in_(theirs))
    return read_frame(connection, query)["record_id"]


def renew(connection: Connection, concerned: pl.Series, values: pl.DataFrame, parted: pl.DataFrame) -> None:
    """Remember values (id, value, name) and parted islands of the records concerned, and nothing else of them."""
    theirs = among(connection, record_values.c.record_id, concerned)
    stored = read_frame(connection, select(record_values).where(theirs))
    wanted = values.select("value", "name", record_id="id").select(stored.columns)
    surplus = unshared(stored, wanted)
    for value, record in surplus.select("value", "record_id").rows():
        found = (record_values.c.value == value, record_values.c.record_id == record)
        connection.execute(delete(record_values).where(*found))
    insert_frame(connection, record_values, unshared(wanted, stored))
    connection.execute(delete(parted_records).where(among(connection, parted_records.c.record_id, concerned)))
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
    if parted.is_empty():
        return parted
    return parted.cast(PARTED_SCHEMA).rename({"id": "record_id"})  # type: ignore[arg-type]  # names to types
