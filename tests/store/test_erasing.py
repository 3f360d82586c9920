"""Customers deleted with everything of theirs, on both databases; others and what they took part in stay whole."""

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Engine, func, insert, select

from kehu.identity.rules import PLAIN_RULES
from kehu.identity.seal import Seal
from kehu.pipeline.transactions import writing
from kehu.store.bulk import next_id
from kehu.store.changes import Request, record_change
from kehu.store.customers import resolve_customers
from kehu.store.erasing import erase_customers
from kehu.store.identity_decisions import IdentityDecision, RecordName, add_decision
from kehu.tables.changes import changes
from kehu.tables.facts import customer_records, customers, shipments, source_records
from kehu.tables.features import customer_features
from kehu.tables.identity import identity_decisions, locked_records
from kehu.tables.overrides import overrides

LoadFiles = Callable[..., object]
AT = datetime(2026, 1, 1, tzinfo=UTC)
SEAL = Seal(b"k" * 32)


def load(engine: Engine, load_files: LoadFiles) -> dict[str, int]:
    """Two customers with a shipment from one to the other, a complaint of each, a decision; their ids by name."""
    crm = [{"key": "a", "name": "甲", "phone": "13987650413"}, {"key": "b", "name": "乙", "parent_key": "a"}]
    parties = {
        f"{role}_{part}": value
        for role, key in (("shipper", "a"), ("consignee", "b"))
        for part, value in (("system", "crm"), ("key", key))
    }
    complaints = [
        {"key": key, "number": key, "opened_at": AT, "customer_system": "crm", "customer_key": key} for key in "ab"
    ]
    waybill = {"key": "1", "number": "1", "accepted_at": AT, **parties}
    load_files(engine, ("crm", {"customer": crm}), ("tms", {"shipment": [waybill], "complaint": complaints}))
    with writing(engine) as connection:
        ids = dict(map(tuple, connection.execute(select(customers.c.name, customers.c.id)).all()))
        names = [RecordName("file", "crm", key) for key in "ab"]
        add_decision(connection, IdentityDecision(0, "different", names[0], names[1], "seen", "ann", AT))
        add_decision(connection, IdentityDecision(0, "lock", names[0], names[0], "seen", "ann", AT), names[:1])
        decided = {"ruleset": "r", "code": "c", "effect": "include", "reason": "r", "author": "a", "created_at": AT}
        for number, customer in enumerate(sorted(ids.values()), 1):
            connection.execute(insert(overrides).values(id=number, customer_id=customer, **decided))
            connection.execute(insert(customer_features).values(customer_id=customer, whole_1=number))
        for name, uid in connection.execute(select(customers.c.name, customers.c.uid)).all():
            asked = Request("ann", "customersMerge", name, "a digest")
            record_change(connection, asked, {"customers": [uid]}, now=AT)
    return ids


def test_everything_of_a_customer_goes_and_nothing_of_others(database: Engine, load_files: LoadFiles) -> None:
    ids = load(database, load_files)
    with writing(database) as connection:
        before = connection.execute(
            select(source_records.c.hash).where(source_records.c.entity == "shipment")
        ).scalar_one()
        counts = erase_customers(connection, pl.Series("customer_id", [ids["甲"]]), SEAL)
        resolved = resolve_customers(connection, "CN", PLAIN_RULES)
        kept = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (
                *(customers, customer_records, customer_features, overrides),
                *(identity_decisions, locked_records, changes),
            )
        }
        (party,) = connection.execute(select(shipments.c.shipper_id, shipments.c.consignee_id)).all()
        after = connection.execute(
            select(source_records.c.hash).where(source_records.c.entity == "shipment")
        ).scalar_one()
        parents = connection.execute(select(customer_records.c.parent_key)).scalars().all()
    assert counts == {"customers": 1, "records": 2, "shipments": 1, "complaints": 1, "visits": 0, "contacts": 0} | {
        "memberships": 0, "warnings": 0, "overrides": 1, "decisions": 2, "changes": 1
    }  # fmt: skip
    assert kept == {
        "customers": 1,
        "customer_records": 2,
        "customer_features": 1,
        "overrides": 1,
        "identity_decisions": 0,
        "locked_records": 0,
    } | {"changes": 1}
    assert (tuple(party), after) == ((None, ids["乙"]), SEAL.number(before))
    assert (set(parents), resolved.customers, resolved.gone) == ({None}, 1, 0)


def test_numbers_that_erasure_frees_are_not_given_again(database: Engine, load_files: LoadFiles) -> None:
    ids = load(database, load_files)
    with writing(database) as connection:
        numbered = (identity_decisions, overrides, source_records)
        before = {table.name: next_id(connection, table) for table in numbered}
        for _ in range(2):
            erase_customers(connection, pl.Series("customer_id", list(ids.values())), SEAL)
        assert connection.scalar(select(func.count()).select_from(identity_decisions)) == 0
        assert {table.name: next_id(connection, table) for table in numbered} == before
