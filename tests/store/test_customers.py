"""Customers as records come and change: joined, parted, known by every id they had, whatever the order."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid5

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select, text

from kehu.identity.resolve import CUSTOMER_NAMESPACE
from kehu.model.graph import Entity
from kehu.reader.lookup import find_customers
from kehu.store.customers import PARTY_COLUMNS, ResolvedCounts
from kehu.store.load import FileCounts
from kehu.tables.facts import (
    contacts,
    customer_aliases,
    customer_records,
    customers,
    identifiers,
    shipments,
    source_records,
)
from kehu.tables.runs import memberships, publication, runs, warnings
from kehu.tables.schema import metadata

Row = dict[str, object]
Rows = dict[Entity, list[Row]]
File = tuple[str, Rows]
LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
Content = dict[str, list[tuple[object, ...]]]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def uid(system: str, key: str) -> str:
    """The id of a customer whose first record is that one."""
    return str(uuid5(CUSTOMER_NAMESPACE, f"{system}\x1f{key}"))


A, B, C, D = (uid("crm", key) for key in "abcd")


def rows_of(*keys: str, **same_as: str) -> File:
    """Rows of the CRM's customer list; `b="a"` says that b is a."""
    rows: list[Row] = [
        {"key": key, "name": key, "same_as_system": "crm", "same_as_key": same_as[key]}
        if key in same_as
        else {"key": key, "name": key}
        for key in keys
    ]
    return "crm", {"customer": rows}


def waybill(number: str, shipper: str, consignee: str) -> Row:
    """A shipment paid by its shipper."""
    payer = {"payer_system": "crm", "payer_key": shipper, "shipper_system": "crm", "shipper_key": shipper}
    return {"key": number, "number": number, "accepted_at": AT, **payer} | {
        "consignee_system": "crm",
        "consignee_key": consignee,
    }


def of_customer(kind: str, key: str, number: str) -> Row:
    """A contact, complaint or visit of a customer."""
    times = {"complaint": {"opened_at": AT, "number": number}, "visit": {"held_at": AT, "number": number}}
    return {"key": number, "customer_system": "crm", "customer_key": key} | times.get(kind, {"name": number})


EVENTS: File = (
    "ops",
    {
        "shipment": [waybill("W1", "b", "a"), waybill("W2", "c", "b")],
        "complaint": [of_customer("complaint", "b", "T1")],
        "visit": [of_customer("visit", "b", "V1")],
        "contact": [of_customer("contact", "b", "K1"), of_customer("contact", "a", "K2")],
    },
)


def parties(engine: Engine) -> dict[str, tuple[str, ...]]:
    """The customers' uids of every event, by the event's key."""
    found: dict[str, tuple[str, ...]] = {}
    with engine.connect() as connection:
        uids = dict(connection.execute(select(customers.c.id, customers.c.uid)).all())
        for table, _, column in PARTY_COLUMNS:
            query = select(source_records.c.key, table.c[column]).join(table, table.c.id == source_records.c.id)
            for key, customer in connection.execute(query):
                found[key] = (*found.get(key, ()), uids[customer])
    return found


def resolved(engine: Engine) -> dict[str, str]:
    """The customer's uid of every record of a customer list by its key."""
    query = (
        select(source_records.c.key, customers.c.uid)
        .join(customer_records, customer_records.c.id == source_records.c.id)
        .join(customers, customers.c.id == customer_records.c.customer_id)
        .where(customer_records.c.origin == "file")
    )
    with engine.connect() as connection:
        return dict(connection.execute(query).all())


def aliases(engine: Engine) -> dict[str, str]:
    """The uid each retired uid resolves to."""
    query = select(customer_aliases.c.uid, customers.c.uid).join(
        customers, customers.c.id == customer_aliases.c.customer_id
    )
    with engine.connect() as connection:
        return dict(connection.execute(query).all())


def test_a_record_that_joins_two_customers_merges_them(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, rows_of("a", "b", "c"), EVENTS)
    assert parties(database) == {
        "W1": (B, A, B),
        "W2": (C, B, C),
        "T1": (B,),
        "V1": (B,),
        "K1": (B,),
        "K2": (A,),
    }
    _, counts = load_files(database, rows_of("b", b="a"))
    assert counts == ResolvedCounts(records=6, customers=2, new=0, gone=1)
    assert resolved(database) == {"a": A, "b": A, "c": C}
    assert aliases(database) == {B: A}
    assert parties(database) == {
        "W1": (A, A, A),
        "W2": (C, A, C),
        "T1": (A,),
        "V1": (A,),
        "K1": (A,),
        "K2": (A,),
    }


def test_parting_them_again_restores_everything(
    database: Engine, load_files: LoadFiles, content: Callable[[Engine], Content]
) -> None:
    load_files(database, rows_of("a", "b", "c"), EVENTS)
    before = parties(database), resolved(database), content(database)
    load_files(database, rows_of("b", b="a"))
    _, counts = load_files(database, rows_of("b"))
    assert counts == ResolvedCounts(records=6, customers=3, new=1, gone=0)
    assert (parties(database), resolved(database)) == before[:2]
    assert aliases(database) == {}
    after = content(database)
    for name in ("customers", "identifiers"):
        # Ids of rows may differ, what they say may not.
        assert {row[1:] for row in after[name] if name == "customers"} == {
            row[1:] for row in before[2][name] if name == "customers"
        }
        assert len(after[name]) == len(before[2][name])


def test_an_id_retired_long_ago_goes_where_its_record_goes(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, rows_of("a", "b", "c", "d"))
    load_files(database, rows_of("c", c="b"))
    load_files(database, rows_of("b", b="a"))
    assert aliases(database) == {B: A, C: A}
    load_files(database, rows_of("b", b="d"))
    assert resolved(database) == {"a": A, "b": B, "c": B, "d": B}
    assert aliases(database) == {C: B, D: B}


def test_an_id_goes_with_the_record_it_was_made_of(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, rows_of("a", "b"))
    load_files(database, rows_of("c", "d", d="c"))
    load_files(database, rows_of("c", "d", c="b", d="a"))
    assert resolved(database) == {"a": A, "b": B, "c": B, "d": A}
    assert aliases(database) == {C: B}


def test_a_customer_known_by_mention_goes_on_under_its_records_id(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, EVENTS)
    with database.connect() as connection:
        old = set(connection.execute(select(customers.c.uid)).scalars())
    _, counts = load_files(database, rows_of("a", "b", "c"))
    assert counts == ResolvedCounts(records=6, customers=3, new=3, gone=3)
    assert parties(database)["W1"] == (B, A, B)
    assert set(aliases(database)) == old
    assert set(aliases(database).values()) == {A, B, C}


def decide(engine: Engine, **levels: str) -> None:
    """A published run in which customers, by the key of their record, have a level and a warning."""
    with engine.begin() as connection:
        run = {"id": 1, "as_of": AT, "state": "published", "engine": "polars", "rule_digest": "", "feature_digest": ""}
        connection.execute(insert(runs).values(**run, started_at=AT))
        connection.execute(insert(publication).values(id=1, run_id=1, published_at=AT))
        ids = dict(connection.execute(select(customers.c.name, customers.c.id)).all())
        common = {"digest": "d", "ruleset": "tier", "reasons": {}}
        for number, (key, level) in enumerate(levels.items(), 1):
            row = {"id": number, "customer_id": ids[key], **common}
            connection.execute(insert(memberships).values(**row, level=level, from_run_id=1))
            fired = {"warning": level, "severity": "low", "reason": "", "route": [], "fired_run_id": 1, "fired_at": AT}
            connection.execute(insert(warnings).values(**row, **fired, state="open"))


def history(engine: Engine) -> list[tuple[object, ...]]:
    """Membership and warning of each level: whose, and the run that ended them."""
    query = (
        select(
            memberships.c.level,
            customers.c.uid,
            memberships.c.until_run_id,
            warnings.c.customer_id == memberships.c.customer_id,
            warnings.c.cleared_run_id,
        )
        .join(customers, customers.c.id == memberships.c.customer_id)
        .join(warnings, warnings.c.id == memberships.c.id)
        .order_by(memberships.c.id)
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_history_goes_to_the_heir_and_ends_there(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, rows_of("a", "b", "c"))
    decide(database, a="vip", b="plain", c="lost")
    load_files(database, rows_of("b", b="a"))
    # What is to be looked after stays until a run finds that it no longer holds.
    assert history(database) == [("vip", A, None, 1, None), ("plain", A, 1, 1, None), ("lost", C, None, 1, None)]


def test_history_goes_on_with_a_customer_that_only_got_another_id(database: Engine, load_files: LoadFiles) -> None:
    for key in "bcd":
        load_files(database, rows_of(key))
    decide(database, b="vip", c="plain", d="lost")
    _, counts = load_files(database, rows_of("a", "b", "c", b="a", c="a"))
    assert counts == ResolvedCounts(records=4, customers=2, new=1, gone=2)
    assert history(database) == [("vip", A, None, 1, None), ("plain", A, 1, 1, None), ("lost", D, None, 1, None)]


def orphans(engine: Engine) -> list[object]:
    """Whatever breaks the graph: events beside their record's customer, customers without records, doubles."""
    found: list[object] = []
    with engine.connect() as connection:
        for table, record, column in PARTY_COLUMNS:
            truth = select(customer_records.c.customer_id).where(customer_records.c.id == table.c[record])
            stray = table.c[column].is_distinct_from(truth.scalar_subquery())
            found += connection.execute(select(table.c.id).where(stray)).scalars().all()
        held = select(customer_records.c.customer_id)
        found += connection.execute(select(customers.c.uid).where(customers.c.id.not_in(held))).scalars().all()
        nowhere = customer_records.c.customer_id.is_(None)
        found += connection.execute(select(customer_records.c.id).where(nowhere)).scalars().all()
        columns = [column for column in identifiers.c if column.name != "id"]
        found += connection.execute(select(*columns).group_by(*columns).having(func.count() > 1)).all()
        both = select(customer_aliases.c.uid).where(customer_aliases.c.uid.in_(select(customers.c.uid)))
        found += connection.execute(both).scalars().all()
        if engine.dialect.name == "sqlite":
            found += connection.execute(text("PRAGMA foreign_key_check")).all()
    return found


def test_nothing_is_orphaned_or_doubled(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, EVENTS)
    for file in (
        rows_of("a", "b", "c"),
        rows_of("b", b="a"),
        rows_of("c", c="a"),
        rows_of("b", b="c"),
        rows_of("b"),
        EVENTS,
    ):
        load_files(database, file)
        assert orphans(database) == []
    with database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(shipments)).scalar_one() == 2
        assert connection.execute(select(func.count()).select_from(contacts)).scalar_one() == 2


KEYS = "abcdef"
QUICK = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
ONE_FILE = st.one_of(
    st.tuples(st.sampled_from(KEYS), st.none() | st.sampled_from(KEYS)).map(
        lambda pair: rows_of(pair[0], **({pair[0]: pair[1]} if pair[1] else {}))
    ),
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).map(
        lambda pair: ("tms", {"shipment": [waybill(f"W{pair[0]}{pair[1]}", *pair)]})
    ),
    st.sampled_from(KEYS).map(lambda key: ("calls", {"visit": [of_customer("visit", key, f"V{key}")]})),
)


def graph(engine: Engine) -> object:
    """What the graph says, without the ids of rows: customers, their identifiers, whose the events are."""
    with engine.connect() as connection:
        names = [tuple(row) for row in connection.execute(select(customers.c.uid, customers.c.name, customers.c.kind))]
        known = connection.execute(
            select(customers.c.uid, identifiers.c.kind, identifiers.c.system, identifiers.c.value).join(
                identifiers, identifiers.c.customer_id == customers.c.id
            )
        )
        return sorted(names), sorted(tuple(row) for row in known), parties(engine), resolved(engine)


@QUICK
@given(files=st.lists(ONE_FILE, min_size=1, max_size=6, unique_by=str), data=st.data())
def test_the_order_of_files_makes_no_difference(
    new_sqlite: Callable[[], Engine], load_files: LoadFiles, files: list[File], data: st.DataObject
) -> None:
    latest = list({str([item["key"] for rows in file[1].values() for item in rows]): file for file in files}.values())
    shuffled = data.draw(st.permutations(latest))
    at_once, one_by_one = new_sqlite(), new_sqlite()
    load_files(at_once, *latest)
    for file in shuffled:
        load_files(one_by_one, file)
    assert graph(at_once) == graph(one_by_one)
    assert orphans(one_by_one) == []


@QUICK
@given(histories=st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), min_size=1, max_size=6))
def test_any_history_of_links_ends_as_the_islands_of_the_last_ones(
    new_sqlite: Callable[[], Engine], load_files: LoadFiles, histories: Sequence[tuple[str, str]]
) -> None:
    engine = new_sqlite()
    load_files(engine, rows_of(*KEYS))
    for key, other in histories:
        load_files(engine, rows_of(key, **{key: other}))
    islands = nx.Graph()
    islands.add_nodes_from(KEYS)
    islands.add_edges_from(dict(histories).items())
    expected = {key: uid("crm", min(island)) for island in nx.connected_components(islands) for key in island}
    assert resolved(engine) == expected
    assert aliases(engine) == {uid("crm", key): expected[key] for key in KEYS if uid("crm", key) != expected[key]}
    assert orphans(engine) == []


@pytest.mark.parametrize(
    ("_case", "first", "second"),
    [
        ("the customer list first", rows_of("a", "b", "c"), EVENTS),
        ("the events first", EVENTS, rows_of("a", "b", "c")),
    ],
)
def test_a_reference_resolves_in_either_order(
    _case: str, first: File, second: File, database: Engine, load_files: LoadFiles
) -> None:
    load_files(database, first)
    load_files(database, second)
    assert parties(database)["W1"] == (B, A, B)
    assert resolved(database) == {"a": A, "b": B, "c": C}


def test_the_row_id_of_a_retired_customer_is_never_given_again(database: Engine, load_files: LoadFiles) -> None:
    def ids() -> dict[str, int]:
        with database.connect() as connection:
            return dict(connection.execute(select(customers.c.name, customers.c.id)).all())

    load_files(database, rows_of("a"))
    load_files(database, rows_of("b"))
    load_files(database, rows_of("b", b="a"))
    load_files(database, rows_of("c"))
    assert ids() == {"a": 1, "c": 3}
    load_files(database, rows_of("b"))
    assert ids() == {"a": 1, "c": 3, "b": 4}


def test_a_customer_is_found_by_each_spelling_of_its_name(
    new_sqlite: Callable[[], Engine], load_files: LoadFiles
) -> None:
    names = {"a": "顺达(上海)有限公司", "b": "上海市顺达有限公司", "c": "Other Ltd"}
    same: Row = {"same_as_system": "crm", "same_as_key": "a"}
    rows: list[Row] = [{"key": key, "name": name, **(same if key == "b" else {})} for key, name in names.items()]
    engine = new_sqlite()
    load_files(engine, ("crm", {"customer": rows}))
    with engine.connect() as connection:
        uids = dict(connection.execute(select(customers.c.id, customers.c.uid)).all())

        def found(text: str) -> list[tuple[str, str]]:
            return [(each.kind, uids[each.customer_id]) for each in find_customers(connection, text, "CN", 9)]

        assert found("顺达(上海)有限公司") == [("name", A)]
        assert found("上海市顺达有限公司") == found("上海顺达") == [("name_key", A)]
        assert (found("other LTD"), found("Other")) == ([("name", C)], [])


def test_every_customer_column_that_events_have_moves() -> None:
    moving = {(table.name, column) for table, _, column in PARTY_COLUMNS}
    handed = {(name, "customer_id") for name in ("memberships", "warnings", "overrides", "identifiers")}
    others = {("customer_records", "customer_id"), ("customer_aliases", "customer_id")}
    derived = {("golden_values", "customer_id"), ("customer_links", "customer_id"), ("customer_links", "other_id")}
    derived |= {("customer_features", "customer_id")}
    declared = {
        (table.name, key.parent.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is customers
    }
    assert moving | handed | others | derived == declared
