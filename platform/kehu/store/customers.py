"""Customer records resolved to customers, and events moved to the customers their records belong to."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Table, column, func, select, text

from kehu.identity.golden import golden_records
from kehu.identity.locks import with_locks
from kehu.identity.resolve import Resolution, normalised, resolve
from kehu.identity.rules import IdentityRules
from kehu.identity.values import fingerprint, joining_values
from kehu.store.among import among
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.store.concerned import Concerned, Reach, Said, read_customer_records
from kehu.store.corrections import corrected_values
from kehu.store.event_changes import log_changes
from kehu.store.golden import forget_golden_values, with_owners, write_golden_values
from kehu.store.heirs import retire
from kehu.store.identifiers import write_identifiers
from kehu.store.identity_decisions import decided_pairs, read_locked
from kehu.store.identity_index import IdentityState, read_state, renew, write_anew, write_state
from kehu.store.identity_rules import remember_rules
from kehu.store.links import forget_links, write_links
from kehu.store.unshared import unshared
from kehu.tables.columns import BIG
from kehu.tables.facts import (
    complaints,
    contacts,
    customer_aliases,
    customer_records,
    customers,
    shipments,
    visits,
)

# Where events name a customer: the table, the record column, the customer column.
PARTY_COLUMNS: tuple[tuple[Table, str, str], ...] = (
    (shipments, "shipper_record_id", "shipper_id"),
    (shipments, "consignee_record_id", "consignee_id"),
    (shipments, "payer_record_id", "payer_id"),
    (complaints, "customer_record_id", "customer_id"),
    (visits, "customer_record_id", "customer_id"),
    (contacts, "customer_record_id", "customer_id"),
)
# Events are indexed by customer, so those of a record are found among its old customer's.
# CROSS JOIN keeps SQLite to this order: a look-up for each record, never a scan of all events.
_MOVED_EVENTS = """
SELECT e.id, s.now AS {customer} FROM staged_moves AS s CROSS JOIN {events} AS e
WHERE e.{customer} = s.customer_id AND e.{record} = s.id
"""
# Where one record in so many has changed, to look at all takes no longer than to find whom they concern.
_FEW_OF_ALL = 4


@dataclass(frozen=True, slots=True)
class ResolvedCounts:
    """What a resolution did: customers there are, new ones, and ones that went into another."""

    records: int
    customers: int
    new: int
    gone: int


@dataclass(frozen=True, slots=True)
class _Settled:
    """How many customers are new, how many went into another, and the ids of those whose records are others now."""

    new: int
    gone: int
    customers: pl.Series


def resolve_customers(connection: Connection, phone_region: str, rules: IdentityRules) -> ResolvedCounts:
    """Bring customers, identifiers and every event's customer into line with all customer records and decisions."""
    return _resolve_all(connection, phone_region, rules)[0]


def resolve_changes(
    connection: Connection, phone_region: str, rules: IdentityRules, changed: pl.Series | None = None
) -> tuple[ResolvedCounts, pl.Series]:
    """The same, exactly, by looking at those alone whom changes concern; also the customers whose events may be others.

    `changed` are the ids of customer records that are new, changed or removed since the last resolution; what people
    decided since is found without help. Of a removed record those that were its customer's belong there too.
    """
    changed = pl.Series("id", [], dtype=pl.Int64) if changed is None else changed
    state = read_state(connection)
    if state is None or state.fingerprint != fingerprint(rules, phone_region):
        return _resolve_all(connection, phone_region, rules)
    if len(changed) * _FEW_OF_ALL > state.records:
        return _resolve_all(connection, phone_region, rules)
    now = _said(connection)
    reach = Reach(connection, rules, phone_region, Said(state.pairs, state.locked), now)
    concerned = reach.concerned_by(changed.cast(pl.Int64))
    if concerned.ids.is_empty():
        return ResolvedCounts(state.records, state.customers, 0, 0), concerned.ids
    resolved = resolve(concerned.open_records, rules, now.pairs, concerned.context)
    known = _known_among(connection, concerned, resolved)
    settled = _settle(connection, _with_uids(concerned.records, resolved), known, phone_region, rules)
    renew(connection, concerned.ids, concerned.values, resolved.parted)
    there = _there_are(connection, state, concerned, resolved)
    write_state(connection, IdentityState(state.fingerprint, now.pairs, now.locked, *there))
    return ResolvedCounts(*there, settled.new, settled.gone), settled.customers


def _there_are(
    connection: Connection, before: IdentityState, concerned: Concerned, resolved: Resolution
) -> tuple[int, int]:
    """How many records and customers there are now."""
    if len(concerned.records) < len(concerned.ids):
        # Some are gone, and whether they were counted nobody knows.
        counts = (func.count(customer_records.c.id), func.count(customer_records.c.customer_id.distinct()))
        records, there = connection.execute(select(*counts)).one()
        return int(records), int(there)
    held = concerned.records["customer_id"]
    # Not the customers that are new: one whose records were all removed comes back as itself.
    there = before.customers - held.drop_nulls().n_unique() + resolved.customers["uid"].n_unique()
    return before.records + held.null_count(), there


def _resolve_all(connection: Connection, phone_region: str, rules: IdentityRules) -> tuple[ResolvedCounts, pl.Series]:
    records = normalised(read_customer_records(connection), phone_region)
    said = _said(connection)
    open_records = with_locks(records, said.locked)
    resolved = resolve(open_records, rules, said.pairs)
    known = read_frame(connection, select(customers))
    settled = _settle(connection, _with_uids(records, resolved), known, phone_region, rules)
    remember_rules(connection, rules.source)
    write_anew(connection, joining_values(records, open_records, rules), resolved.parted)
    there = resolved.customers["uid"].n_unique()
    state = IdentityState(fingerprint(rules, phone_region), said.pairs, said.locked, len(records), there)
    write_state(connection, state)
    return ResolvedCounts(len(records), there, settled.new, settled.gone), settled.customers


def _said(connection: Connection) -> Said:
    locked = read_locked(connection)
    return Said(decided_pairs(connection, locked), locked.select("origin", "system", "key"))


def _with_uids(records: pl.DataFrame, resolved: Resolution) -> pl.DataFrame:
    return records.join(resolved.customers, on="id", how="left", maintain_order="left")


def _known_among(connection: Connection, concerned: Concerned, resolved: Resolution) -> pl.DataFrame:
    """The customers that the records had, and such as go by one of the ids that they get."""
    named = among(connection, customers.c.uid, resolved.customers["uid"].unique())
    held = among(connection, customers.c.id, concerned.records["customer_id"].drop_nulls().unique())
    return read_frame(connection, select(customers).where(named | held))


def _settle(
    connection: Connection, keyed: pl.DataFrame, known: pl.DataFrame, phone_region: str, rules: IdentityRules
) -> _Settled:
    """Give the records (with `uid`) their customers; `known` are those they had, and namesakes."""
    golden = golden_records(keyed, rules, corrected_values(connection))
    ids = _write_customers(connection, with_owners(connection, golden.records), known)
    moved = keyed.join(ids, on="uid", how="left").filter(pl.col("customer_id").ne_missing(pl.col("now")))
    update_frame(connection, customer_records, moved.select("id", pl.col("now").alias("customer_id")))
    concerned = pl.concat([moved["customer_id"], moved["now"].alias("customer_id")]).drop_nulls().unique()
    moved = moved.filter(pl.col("customer_id").is_not_null())
    _move_events(connection, moved)
    gone = known.select("uid", customer_id="id").filter(~known["uid"].is_in(ids["uid"].implode()))
    forget_golden_values(connection, gone)
    forget_links(connection, gone)
    if not moved.is_empty():
        retire(connection, gone, moved)
    write_identifiers(connection, keyed, golden, ids, phone_region)
    write_golden_values(connection, golden.values, ids)
    write_links(connection)
    return _Settled(len(ids) - (len(known) - len(gone)), len(gone), concerned)


def customer_of_records(connection: Connection, ids: pl.Series | None = None) -> pl.DataFrame:
    """Columns id, customer_id of the customer records with these ids, or of all."""
    query = select(customer_records.c.id, customer_records.c.customer_id)
    if ids is None:
        return read_frame(connection, query)
    return read_frame(connection, query.where(among(connection, customer_records.c.id, ids)))


def _write_customers(connection: Connection, golden: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Insert new customers, renew changed ones; returns uid and `now`, the id of each."""
    joined = golden.join(known.select("uid", "id"), on="uid", how="left", maintain_order="left")
    is_new = joined["id"].is_null()
    kept = joined.filter(~is_new) if is_new.any() else joined
    changed = unshared(kept, known)
    update_frame(connection, customers, changed.drop("uid"))
    if len(kept) == len(joined):
        log_changes(connection, customers, changed["id"])
        return kept.select("uid", now="id")
    fresh = joined.filter(is_new).drop("id")
    numbered = fresh.with_row_index("id", offset=_next_customer(connection)).cast({"id": pl.Int64})
    insert_frame(connection, customers, numbered)
    log_changes(connection, customers, pl.concat([numbered["id"], changed["id"]]))
    return pl.concat([numbered.select("uid", now="id"), kept.select("uid", now="id")])


def _next_customer(connection: Connection) -> int:
    """An id that no customer has or ever had."""
    former = connection.execute(select(func.max(customer_aliases.c.former_id))).scalar()
    return max(next_id(connection, customers), 1 + (former or 0))


def _move_events(connection: Connection, moved: pl.DataFrame) -> None:
    if moved.is_empty():
        return
    stage(connection, "staged_moves", moved.select("customer_id", "id", "now"))
    for events, record, customer in PARTY_COLUMNS:
        statement = text(_MOVED_EVENTS.format(events=events.name, record=record, customer=customer))
        query = statement.columns(column("id", BIG), column(customer, BIG))
        rows = read_frame(connection, query)
        update_frame(connection, events, rows)
        log_changes(connection, events, rows["id"])
