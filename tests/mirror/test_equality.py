"""Whatever is loaded in whatever order: features from the mirror are those from the store, value for value."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.features.selection import only
from kehu.mirror.building import up_to_date
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.owned import OwnedEvents
from kehu.mirror.sorting import Sizes
from kehu.model.graph import Entity
from kehu.pipeline.facts import Present, features_as_of, read_facts
from kehu.pipeline.scanning import scans
from kehu.pipeline.transactions import writing
from kehu.store.event_changes import log_changes
from kehu.store.reading import STREAM_TABLES, read_events

Row = dict[str, object]
Rows = dict[Entity, list[Row]]
LoadRows = Callable[[Engine, Mapping[Entity, Sequence[Mapping[str, object]]]], None]
START = datetime(2025, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AS_OFS = (START + 20 * DAY, START + 100 * DAY, START + 400 * DAY)
# Small enough that a few rows make several files, and that some changes are put aside and others sorted in.
SIZES = (Sizes(bucket_rows=3, changed_share=0.0), Sizes(bucket_rows=3, changed_share=0.5), Sizes(changed_share=5.0))
CUSTOMERS = ("A", "B", "C", "D")

moments = st.integers(0, 40).map(lambda number: START + number * 5 * DAY / 2)
perhaps = st.none() | moments
numbers = st.integers(0, 11)
customers = st.sampled_from(CUSTOMERS)
words = st.sampled_from(["express", "standard", "冷链", None])


def party(role: str, key: str) -> Row:
    """A mention of one of the customers by its key."""
    return {f"{role}_system": "any", f"{role}_key": key}


@st.composite
def shipments(draw: st.DrawFn) -> Row:
    """A waybill, perhaps one that was loaded before and is corrected."""
    key = f"W{draw(numbers)}"
    row: Row = {"key": key, "number": key, "service": draw(words), "origin": draw(words), "destination": "北京"}
    row |= party("payer", draw(customers)) | party("shipper", draw(customers))
    row |= party("consignee", draw(customers)) if draw(st.booleans()) else {}
    row |= {"accepted_at": draw(perhaps), "delivered_at": draw(perhaps), "promised_at": draw(perhaps)}
    row["accepted_at"] = row["accepted_at"] or row["delivered_at"] or draw(perhaps)
    return row | {"revenue": draw(st.none() | st.integers(-500, 100_000)), "cost": draw(st.integers(0, 9_999))}


@st.composite
def complaints(draw: st.DrawFn) -> Row:
    """A complaint, new or corrected."""
    key = f"T{draw(numbers)}"
    row: Row = {"key": key, "number": key, "category": draw(words), "opened_at": draw(moments)}
    return row | party("customer", draw(customers)) | {"resolved_at": draw(perhaps)}


@st.composite
def visits(draw: st.DrawFn) -> Row:
    """A visit, new or corrected, scored in some dimensions."""
    key = f"V{draw(numbers)}"
    scores = {name: draw(st.none() | st.integers(1, 5)) for name in ("timeliness", "delivery", "improvement")}
    row: Row = {"key": key, "number": key, "purpose": draw(words), "held_at": draw(perhaps), **scores}
    return row | party("customer", draw(customers))


@st.composite
def people(draw: st.DrawFn) -> list[Row]:
    """Customers that share a tax code or not, so that loads merge them and part them again."""
    codes = ("91310115MA1K3QWE2T", None, None)
    return [
        {"key": key, "name": "Alpha Ltd" if draw(st.booleans()) else key, "phone": "13800138001" if same else None}
        for key, same in zip(CUSTOMERS, draw(st.lists(st.booleans(), min_size=4, max_size=4)), strict=True)
        if draw(st.sampled_from(codes)) is None
    ]


loads = st.fixed_dictionaries(
    {
        "customer": people(),
        "shipment": st.lists(shipments(), max_size=6, unique_by=lambda row: str(row["key"])),
        "complaint": st.lists(complaints(), max_size=3, unique_by=lambda row: str(row["key"])),
        "visit": st.lists(visits(), max_size=3, unique_by=lambda row: str(row["key"])),
    }
)
deletions = st.lists(st.integers(0, 30), min_size=1, max_size=3)
histories = st.lists(st.tuples(loads | deletions, st.booleans()), min_size=1, max_size=5)


def erase(engine: Engine, places: Sequence[int]) -> None:
    """Delete the shipments at some places, and say so, as whoever deletes events must."""
    events = STREAM_TABLES["shipments"]
    with writing(engine) as connection:
        known = [row.id for row in connection.execute(events.select().order_by(events.c.id))]
        ids = pl.Series([known[place % len(known)] for place in places] if known else [], dtype=pl.Int64).unique()
        connection.execute(delete(events).where(events.c.id.in_(ids.to_list())))
        log_changes(connection, events, ids)


def assert_same_events(engine: Engine, folder: Path, sizes: Sizes) -> None:
    """Every column of every event, and the order where one is asked for."""
    mirror = up_to_date(engine, folder, sizes)
    assert mirror.note == ""
    for name, layout in LAYOUTS.items():
        with engine.connect() as connection:
            stored = read_events(connection, name, set(layout.types)).select(sorted(layout.types))
        scanned = mirror.scan(name, layout.types, in_order=False).collect()
        assert scanned.sort("id").equals(stored, null_equal=True)
        ordered = mirror.scan(name, layout.types, in_order=True).collect()
        assert ordered.sort("id").equals(stored, null_equal=True)
        for _, own in ordered.drop_nulls(layout.owner).group_by(layout.owner):
            assert own.equals(own.sort(layout.order), null_equal=True)
        everyone = stored[layout.owner].drop_nulls().unique().sort()
        some, none = everyone.gather_every(2), everyone.head(0)
        found = [
            pl.concat(OwnedEvents(mirror, name).of(whom, columns))
            for whom, columns in ((some, layout.types.names()), (none, ["id"]), (everyone, ["id"]))
        ]
        theirs = ordered.filter(pl.col(layout.owner).is_in(some.implode())).select(sorted(layout.types))
        assert found[0].cast(theirs.schema).sort(layout.order).equals(theirs.sort(layout.order), null_equal=True)
        for _, own in found[0].group_by(layout.owner):
            assert own["id"].to_list() == own.sort(layout.order)["id"].to_list()
        assert [len(each) for each in found[1:]] == [0, len(ordered.drop_nulls(layout.owner))]
        owners = ordered[layout.owner].drop_nulls().rle().struct.field("value")
        assert len(owners) == owners.n_unique()


def assert_same_features(engine: Engine, folder: Path, catalogue: Catalogue, sizes: Sizes) -> None:
    """Every feature of every customer at each instant."""
    facts = read_facts(engine, [catalogue])
    mirror = up_to_date(engine, folder, sizes)
    for as_of in AS_OFS:
        found = compute(catalogue, facts.customers, scans(mirror, catalogue), as_of, by_customer=True)
        expected = features_as_of(facts, catalogue, as_of)
        assert [name for name in expected.columns if not found[name].equals(expected[name], null_equal=True)] == []
        assert found.schema == expected.schema


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, sizes=st.sampled_from(SIZES))
def test_after_any_history_the_mirror_gives_what_the_store_gives(
    history: list[tuple[Any, bool]],
    sizes: Sizes,
    new_sqlite: Callable[[], Engine],
    load_rows: LoadRows,
    catalogue: Callable[[], Catalogue],
) -> None:
    engine = new_sqlite()
    folder = Path(f"{engine.url.database}.mirror")
    for step, is_looked_at in history:
        if isinstance(step, dict):
            load_rows(engine, step)
        else:
            erase(engine, step)
        if is_looked_at:
            assert_same_events(engine, folder, sizes)
    assert_same_events(engine, folder, sizes)
    assert_same_features(engine, folder, catalogue(), sizes)


FIRST: Rows = {
    "customer": [{"key": "A", "name": "Alpha Ltd"}, {"key": "B", "name": "Beta Ltd"}],
    "contact": [{"key": "K1", "customer_system": "any", "customer_key": "A", "name": "Li", "title": "经理"}],
    "shipment": [
        {
            "key": "W1",
            "number": "W1",
            **party("payer", "A"),
            "accepted_at": START,
            "revenue": 100,
            "service": "express",
        },
        {"key": "W2", "number": "W2", **party("payer", "B"), "accepted_at": START, "revenue": 50},
    ],
}


def test_on_each_kind_of_database_the_mirror_gives_the_features_of_the_store(
    database: Engine, tmp_path: Path, load_rows: LoadRows, catalogue: Callable[[], Catalogue]
) -> None:
    told: list[str] = []
    present = Present(database, tmp_path / "mirror", lambda what, _rows: told.append(what))
    corrected: Rows = {"shipment": [{**FIRST["shipment"][1], "revenue": 70, **party("payer", "A")}]}
    for rows in (FIRST, corrected):
        load_rows(database, rows)
        found = present.features(catalogue(), AS_OFS[0])
        assert found.equals(
            features_as_of(read_facts(database, [catalogue()]), catalogue(), AS_OFS[0]), null_equal=True
        )
    assert found["revenue_total"].to_list() == [170, 0]
    assert told == []


looks = st.tuples(
    loads | deletions | st.none(),
    st.integers(0, 60).map(lambda number: START + number * 8 * DAY),
    st.sets(st.integers(0, 63), max_size=50),
    st.sampled_from(["keep", "keep", "keep", "dry", "full", "lose"]),
)


@settings(max_examples=14, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(looks, min_size=2, max_size=6))
def test_counting_only_where_something_changed_gives_what_counting_all_gives(
    history: list[tuple[Any, datetime, set[int], str]],
    new_sqlite: Callable[[], Engine],
    load_rows: LoadRows,
    catalogue: Callable[[], Catalogue],
) -> None:
    """Late events, corrections, deletions, merges, splits; clocks that jump to and fro; features that come and go."""
    engine = new_sqlite()
    folder = Path(f"{engine.url.database}.mirror")
    present = Present(engine, folder, lambda _what, _rows: None)
    for step, as_of, left_out, way in history:
        if isinstance(step, dict):
            load_rows(engine, step)
        elif step is not None:
            erase(engine, step)
        everything = catalogue()
        names = [item.info.name for item in everything.declarations]
        asked = only(everything, {name for place, name in enumerate(names) if place not in left_out})
        if way == "lose":
            (folder / "manifest.json").unlink(missing_ok=True)
        found, told = present.renewed(asked, as_of, full=way == "full", keep=way != "dry")
        expected = features_as_of(read_facts(engine, [asked]), asked, as_of)
        assert [name for name in expected.columns if not found[name].equals(expected[name], null_equal=True)] == []
        assert found.schema == expected.schema
        assert told.customers <= told.everyone == len(expected)
