"""Everything that the database holds of customers, deleted: records, values, what happened to them alone, history."""

import polars as pl
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    cast,
    column,
    delete,
    or_,
    select,
    table,
    true,
    update,
)

from kehu.identity.seal import Seal
from kehu.model.graph import LINKS
from kehu.store.bulk import read_frame, stage, update_frame
from kehu.store.event_changes import log_changes
from kehu.store.spent import spend_numbers
from kehu.tables.changes import changes
from kehu.tables.columns import BIG
from kehu.tables.facts import (
    complaints,
    contacts,
    customer_aliases,
    customer_records,
    customers,
    identifiers,
    shipments,
    source_records,
    visits,
)
from kehu.tables.features import customer_features
from kehu.tables.golden import corrections, customer_links, golden_values, refused_links
from kehu.tables.identity import (
    contested_keys,
    handed_over,
    identity_decisions,
    identity_queue,
    identity_suggestions,
    locked_records,
)
from kehu.tables.overrides import overrides
from kehu.tables.runs import membership_notes, memberships, warnings

_ROLES = ("shipper", "consignee", "payer")
# Of these events nothing remains; a shipment remains without the party, for whoever else took part in it.
_OWN_EVENTS: tuple[Table, ...] = (complaints, visits, contacts)

# By their numbers people and clients call their rows, in the case of source records those of events.
_NUMBERED: tuple[Table, ...] = (identity_decisions, corrections, overrides, warnings, memberships, source_records)


def records_of_customers(connection: Connection, ids: pl.Series) -> pl.DataFrame:
    """Every column of the customers' records, with their system and key."""
    stage(connection, "staged_customers", pl.DataFrame({"customer_id": ids}))
    return _records(connection, customer_records.c.customer_id.in_(_staged("staged_customers")))


def all_records(connection: Connection) -> pl.DataFrame:
    """The same of everybody."""
    return _records(connection, true())


def _records(connection: Connection, which: ColumnElement[bool]) -> pl.DataFrame:
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    query = select(customer_records, source_records.c.system, source_records.c.key).select_from(joined)
    return read_frame(connection, query.where(which))


def erase_customers(connection: Connection, ids: pl.Series, seal: Seal) -> dict[str, int]:
    """Delete the customers with all that is theirs; how many rows of what went, or lost a party.

    Who is a customer must be resolved again afterwards.
    """
    spend_numbers(connection, _NUMBERED)
    records = records_of_customers(connection, ids)
    stage(connection, "staged_erased", records.select("id"))
    counts = {"customers": len(ids), "records": len(records), "shipments": _strip_shipments(connection, seal)}
    counts |= {events.name: _delete_events(connection, events) for events in _OWN_EVENTS}
    counts |= _delete_history(connection)
    counts["decisions"] = _delete_decisions(connection, records)
    counts["changes"] = _delete_changes(connection)
    _delete_values(connection)
    for link in LINKS:
        _forget_relation(connection, link, records)
    _delete(connection, customer_records, customer_records.c.id.in_(_staged("staged_erased", "id")))
    _delete(connection, source_records, source_records.c.id.in_(_staged("staged_erased", "id")))
    _delete(connection, customers, customers.c.id.in_(_staged("staged_customers")))
    log_changes(connection, customers, ids)
    return counts


def _strip_shipments(connection: Connection, seal: Seal) -> int:
    erased = _staged("staged_erased", "id")
    theirs = or_(*(shipments.c[f"{role}_id"].in_(_staged("staged_customers")) for role in _ROLES))
    rows = read_frame(connection, select(shipments.c.id).where(theirs))
    for role in _ROLES:
        nobody = {f"{role}_record_id": None, f"{role}_id": None}
        connection.execute(update(shipments).where(shipments.c[f"{role}_record_id"].in_(erased)).values(nobody))
    stage(connection, "staged_stripped", rows)
    stripped = source_records.c.id.in_(_staged("staged_stripped", "id"))
    hashes = read_frame(connection, select(source_records.c.id, source_records.c.hash).where(stripped))
    sealed = pl.Series("hash", [seal.number(number) for number in hashes["hash"]], dtype=pl.Int64)
    update_frame(connection, source_records, hashes.with_columns(sealed))
    log_changes(connection, shipments, rows["id"])
    return len(rows)


def _delete_events(connection: Connection, events: Table) -> int:
    theirs = events.c.customer_id.in_(_staged("staged_customers"))
    rows = read_frame(connection, select(events.c.id).where(theirs))
    stage(connection, "staged_events", rows)
    _delete(connection, events, events.c.id.in_(_staged("staged_events", "id")))
    _delete(connection, source_records, source_records.c.id.in_(_staged("staged_events", "id")))
    log_changes(connection, events, rows["id"])
    return len(rows)


def _delete_history(connection: Connection) -> dict[str, int]:
    counts = {}
    whose = _staged("staged_customers")
    held = select(memberships.c.id).where(memberships.c.customer_id.in_(whose))
    _delete(connection, membership_notes, membership_notes.c.membership_id.in_(held))
    for history in (memberships, warnings, overrides):
        rows = select(history.c.id).where(history.c.customer_id.in_(whose))
        theirs = (handed_over.c.stream == history.name, handed_over.c.row_id.in_(rows))
        connection.execute(delete(handed_over).where(*theirs))
        counts[history.name] = _delete(connection, history, history.c.customer_id.in_(whose))
    gone = read_frame(connection, whose)["customer_id"]
    log_changes(connection, memberships, gone)
    return counts


def _delete_decisions(connection: Connection, records: pl.DataFrame) -> int:
    """Decisions and corrections that name one of the records, and whatever waits in the queue."""
    stage(connection, "staged_names", records.select("system", "key").unique())
    names = table("staged_names", column("system"), column("key"))

    def among(kept: Table, side: str = "") -> Select[tuple[int]]:
        same = (kept.c[f"{side}system"] == names.c.system) & (kept.c[f"{side}key"] == names.c.key)
        return select(kept.c.id).join(names, same)

    named = or_(*(identity_decisions.c.id.in_(among(identity_decisions, f"{side}_")) for side in ("left", "right")))
    decided = select(identity_decisions.c.id).where(named)
    _delete(connection, locked_records, locked_records.c.decision_id.in_(decided))
    _delete(connection, locked_records, locked_records.c.id.in_(among(locked_records)))
    count = _delete(connection, identity_decisions, named)
    count += _delete(connection, corrections, corrections.c.id.in_(among(corrections)))
    for waiting in (identity_suggestions, contested_keys, identity_queue):
        connection.execute(delete(waiting))
    return count


def _delete_changes(connection: Connection) -> int:
    """Entries of the journal that tell of the customers: their uids are digests of their accounts, without a key."""
    whose = _staged("staged_customers")
    own = select(customers.c.uid).where(customers.c.id.in_(whose))
    former = select(customer_aliases.c.uid).where(customer_aliases.c.customer_id.in_(whose))
    uids = connection.execute(own.union(former)).scalars().all()
    return sum(_delete(connection, changes, cast(changes.c.answer, Text).contains(uid)) for uid in uids)


def _delete_values(connection: Connection) -> None:
    whose = _staged("staged_customers")
    for kept in (identifiers, customer_aliases, customer_features, golden_values):
        connection.execute(delete(kept).where(kept.c.customer_id.in_(whose)))
    linked = or_(customer_links.c.customer_id.in_(whose), customer_links.c.other_id.in_(whose))
    connection.execute(delete(customer_links).where(linked))
    _delete(connection, refused_links, refused_links.c.record_id.in_(_staged("staged_erased", "id")))


def _forget_relation(connection: Connection, link: str, records: pl.DataFrame) -> None:
    """Others' records no longer name an account or tax code of the erased as their parent or employer."""
    keys = sorted({*records["key"], *records["tax_code"].drop_nulls()})
    columns = [customer_records.c[f"{link}_{part}"] for part in ("key", "tax_code", "code")]
    naming = or_(*(each.in_(keys) for each in columns))
    nothing = {f"{link}_{part}": None for part in ("system", "key", "tax_code", "code")}
    connection.execute(update(customer_records).where(naming).values(nothing))


def _delete(connection: Connection, kept: Table, which: object) -> int:
    return int(connection.execute(delete(kept).where(which)).rowcount)  # type: ignore[arg-type]  # any condition


def _staged(name: str, of: str = "customer_id") -> Select[tuple[int]]:
    return select(table(name, column(of, BIG)).c[of])
