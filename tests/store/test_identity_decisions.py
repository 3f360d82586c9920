"""What people decide of records moves customers and their events, and undone leaves no trace."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select

from kehu.identity.rules import PLAIN_RULES
from kehu.pipeline.transactions import writing
from kehu.store.customers import ResolvedCounts, resolve_customers
from kehu.store.identified import read_assignments
from kehu.store.identity_decisions import (
    IdentityDecision,
    RecordName,
    add_decision,
    all_decisions,
    decided_pairs,
    end_decisions,
)
from kehu.store.load import FileCounts
from kehu.tables.facts import customers, shipments

LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
AT = datetime(2026, 1, 1, tzinfo=UTC)
A, B = RecordName("file", "crm", "a"), RecordName("file", "crm", "b")
WAYBILL = {"key": "1", "number": "1", "accepted_at": AT} | {
    f"{role}_{part}": value
    for role, key in (("shipper", "a"), ("consignee", "b"), ("payer", "a"))
    for part, value in (("system", "crm"), ("key", key))
}


def decision(*, same: bool) -> IdentityDecision:
    return IdentityDecision(0, "same" if same else "different", A, B, "seen", "ann", AT)


def state(connection: Connection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The uid of every record, and of everybody on a shipment."""
    uids = dict(map(tuple, connection.execute(select(customers.c.id, customers.c.uid))))
    parties = select(shipments.c.shipper_id, shipments.c.consignee_id, shipments.c.payer_id)
    sent = [tuple(uids[customer] for customer in row) for row in connection.execute(parties)]
    return read_assignments(connection).rows(), sent


def test_two_records_become_one_customer_and_two_again(database: Engine, load_files: LoadFiles) -> None:
    rows = [{"key": "a", "name": "甲"}, {"key": "b", "name": "乙"}]
    load_files(database, ("crm", {"customer": rows}), ("tms", {"shipment": [WAYBILL]}))
    with writing(database) as connection:
        before = state(connection)
        number = add_decision(connection, decision(same=True))
        joined = resolve_customers(connection, "CN", PLAIN_RULES)
        parties = state(connection)[1]
        end_decisions(connection, [number], by="bob", reason="were two", now=AT)
        parted = resolve_customers(connection, "CN", PLAIN_RULES)
        after = state(connection)
        kept = all_decisions(connection)
    assert (joined.customers, joined.gone, parted.customers, parted.new) == (1, 1, 2, 1)
    assert len(set(parties[0])) == 1
    assert after == before
    assert [(each.id, each.left, each.ended_by, each.ended_reason) for each in kept] == [(1, A, "bob", "were two")]


def test_the_newer_of_two_decisions_about_a_pair_counts(database: Engine) -> None:
    with writing(database) as connection:
        for same in (True, False):
            add_decision(connection, decision(same=same))
        assert decided_pairs(connection).rows() == [(False, "0\x1fcrm\x1fa", "0\x1fcrm\x1fb")]
        end_decisions(connection, [2], by="bob", reason="no", now=AT)
        assert decided_pairs(connection)["same"].to_list() == [True]
