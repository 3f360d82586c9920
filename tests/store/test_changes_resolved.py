"""A few changes resolved by themselves leave the customers that resolving everything anew would leave."""

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from kehu.identity.locks import with_locks
from kehu.identity.resolve import normalised, resolve
from kehu.identity.rules import IdentityRules, KeyRule, Values
from kehu.pipeline.transactions import writing
from kehu.store.concerned import read_customer_records
from kehu.store.customers import ResolvedCounts, resolve_changes, resolve_customers
from kehu.store.database import open_database
from kehu.store.identity_decisions import (
    DecisionKind,
    IdentityDecision,
    RecordName,
    add_decision,
    decided_pairs,
    end_decisions,
    read_locked,
)
from kehu.tables.facts import batches, customer_records, customers, identifiers, source_records
from kehu.tables.golden import golden_values
from kehu.tables.identity_index import parted_records, record_values

RULES = IdentityRules(
    (
        KeyRule("tax_code", "tax_code", "any"),
        KeyRule("phone_and_name", "phone", "same"),
        KeyRule("phone_and_like_name", "phone", "like", 0.5, ("address",)),
        KeyRule("address_and_like_name", "address", "like", 0.5),
    ),
    {"tax_code": Values(per_customer=1), "phone": Values(names=2), "address": Values(names=3)},
    frozenset({"school"}),
)
TAX_CODES = ("91350100M000100Y43", "91310000MA1FL1X77F")
AT = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = {
    "name": ("上海顺达物流", "顺达物流", "上海顺大物流", "李静", "Erie House", "Erie School"),
    "phone": ("13912341234", "13912341235"),
    "address": ("1 Main St", "2 Main St", "1 N. Main"),
    "tax_code": TAX_CODES,
    "same_as_key": ("1", "3", "5"),
    "reference_key": ("1", "3", "7"),
}
SHARES = {"name": 0.9, "phone": 0.6, "address": 0.4, "tax_code": 0.4, "same_as_key": 0.1, "reference_key": 0.2}
RECORDS = range(1, 13)
BATCH = {
    "id": 1,
    "source": "s",
    "file": "f",
    "started_at": AT,
    "read": 0,
    "loaded": 0,
    "unchanged": 0,
    "quarantined": 0,
}
# So many that what changes beside them is little.
BYSTANDERS = range(101, 161)
STEPS = ("record", "record", "record", "remove", "same", "different", "lock", "undo", "undo")
State = tuple[list[tuple[object, ...]], ...]


def name(number: int) -> RecordName:
    """Records of even numbers are mentions."""
    return RecordName("file" if number % 2 else "mention", "crm", str(number))


def write_record(connection: Connection, number: int, said: dict[str, str]) -> None:
    """The record of that number as it is now, in place of the one there was."""
    row = dict.fromkeys(("name", "phone", "address", "tax_code", "same_as_key", "reference_key")) | said
    row |= {f"{kind}_system": "crm" if f"{kind}_key" in said else None for kind in ("same_as", "reference")}
    if connection.execute(select(customer_records.c.id).where(customer_records.c.id == number)).one_or_none():
        connection.execute(update(customer_records).where(customer_records.c.id == number).values(**row))
        return
    known = name(number)
    entity = "customer" if known.origin == "file" else "mention"
    source = {"system": known.system, "entity": entity, "key": known.key, "hash": 0, "batch_id": 1, "line": number}
    connection.execute(insert(source_records).values(id=number, **source))
    connection.execute(insert(customer_records).values(id=number, origin=known.origin, **row))


def remove_record(connection: Connection, number: int) -> set[int]:
    """Take the record away; returns those that were its customer's."""
    own = select(customer_records.c.customer_id).where(customer_records.c.id == number)
    theirs = select(customer_records.c.id).where(customer_records.c.customer_id.in_(own))
    others = set(connection.execute(theirs).scalars())
    connection.execute(delete(customer_records).where(customer_records.c.id == number))
    connection.execute(delete(source_records).where(source_records.c.id == number))
    return others


def take(connection: Connection, dice: random.Random, kind: str) -> set[int]:
    """Take one step; returns the records that it changed, as `resolve_changes` wants them."""
    number, other = sorted(dice.sample(RECORDS, 2))
    if kind == "record":
        said = {field: dice.choice(VALUES[field]) for field, share in SHARES.items() if dice.random() < share}
        write_record(connection, number, said)
        return {number}
    if kind == "remove":
        return remove_record(connection, number)
    if kind == "undo":
        end_decisions(connection, [dice.randint(1, 3)], by="bob", reason="no", now=AT)
    elif kind == "lock":
        locked = IdentityDecision(0, "lock", name(number), name(number), "seen", "ann", AT)
        add_decision(connection, locked, [name(number), name(other)])
    else:
        word: DecisionKind = "same" if kind == "same" else "different"
        add_decision(connection, IdentityDecision(0, word, name(number), name(other), "seen", "ann", AT))
    return set()


def state(connection: Connection) -> State:
    """All that resolving makes, without the ids of rows."""
    owner = customers.c.id == customer_records.c.customer_id
    whose = select(customer_records.c.id, customers.c.uid).join(customers, owner)
    held = select(customer_records.c.customer_id)
    known = (customers.c.uid, customers.c.name, customers.c.kind, customers.c.phone, customers.c.tax_code)
    named = select(customers.c.uid, identifiers.c.kind, identifiers.c.system, identifiers.c.value).join(identifiers)
    chosen = (golden_values.c.field, golden_values.c.record_id, golden_values.c.rule)
    queries = (
        whose,
        select(*known).where(customers.c.id.in_(held)),
        named.where(customers.c.id.in_(held)),
        select(customers.c.uid, *chosen).join(golden_values).where(customers.c.id.in_(held)),
        select(record_values.c.value, record_values.c.record_id, record_values.c.name),
        select(parted_records.c.record_id, parted_records.c.island),
    )
    return tuple(sorted((tuple(row) for row in connection.execute(query)), key=repr) for query in queries)


@pytest.fixture(scope="module")
def begun(upgraded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A transaction in which only bystanders are known; every history is a step of it that is taken back."""
    file = tmp_path_factory.mktemp("histories") / "kehu.sqlite3"
    shutil.copy(upgraded_sqlite, file)
    engine = open_database(f"sqlite:///{file}")
    with writing(engine) as connection:
        connection.execute(insert(batches).values(**BATCH))
        for number in BYSTANDERS:
            write_record(connection, number, {"name": f"旁观者{number}", "phone": f"13700000{number}"})
        resolve_customers(connection, "CN", RULES)
        yield connection
    engine.dispose()


def histories(dice: random.Random) -> Iterator[list[str]]:
    """Many records at once, then a few steps, once or twice."""
    yield ["record"] * 14 + dice.choices(STEPS, k=3)
    for _ in range(dice.randint(1, 2)):
        yield dice.choices(STEPS, k=dice.randint(1, 3))


def take_all(connection: Connection, dice: random.Random, kinds: Sequence[str]) -> ResolvedCounts:
    """Take the steps, removals last since a removed id is not given again at once, and resolve what they changed."""
    in_order = sorted(kinds, key="remove".__eq__)
    changed: set[int] = set().union(*[take(connection, dice, kind) for kind in in_order])
    return resolve_changes(connection, "CN", RULES, pl.Series("id", sorted(changed), dtype=pl.Int64))[0]


def whose(connection: Connection) -> dict[int, str]:
    """The uid of every record's customer."""
    owner = customers.c.id == customer_records.c.customer_id
    return dict(map(tuple, connection.execute(select(customer_records.c.id, customers.c.uid).join(customers, owner))))


@contextmanager
def taken_back(connection: Connection) -> Iterator[None]:
    """A step of the transaction that leaves nothing, however it ends."""
    step = connection.begin_nested()
    try:
        yield
    finally:
        step.rollback()


@settings(max_examples=45, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_changes_by_themselves_join_whom_all_together_join(begun: Connection, seed: int) -> None:
    dice = random.Random(seed)
    with taken_back(begun):
        for kinds in histories(dice):
            take_all(begun, dice, kinds)
            every = with_locks(normalised(read_customer_records(begun), "CN"), read_locked(begun))
            anew = resolve(every, RULES, decided_pairs(begun)).customers
            assert whose(begun) == dict(anew.rows())


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
@example(seed=4774554)
@example(seed=7031)
def test_changes_by_themselves_leave_all_that_everything_anew_leaves(begun: Connection, seed: int) -> None:
    dice = random.Random(seed)
    with taken_back(begun):
        counts = [take_all(begun, dice, kinds) for kinds in histories(dice)][-1]
        found = state(begun)
        anew = resolve_customers(begun, "CN", RULES)
        assert found == state(begun)
        assert (counts.records, counts.customers, anew.new) == (anew.records, anew.customers, 0)
