"""What a run counted, kept for the next: used where it is sound, done without where it is not."""

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, delete, func, select

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.mirror.kept import forget_kept
from kehu.model.graph import Entity
from kehu.pipeline import moved_events
from kehu.pipeline.facts import Present
from kehu.pipeline.recounting import Recount
from kehu.pipeline.transactions import writing
from kehu.store.event_changes import log_changes
from kehu.tables.facts import customers, shipments

LoadRows = Callable[[Engine, Mapping[Entity, Sequence[Mapping[str, object]]]], None]
Damage = Callable[[Path], object]
AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
_SAID = "unit: u, label: {en: e, zh: 中}, meaning: m"
SHIPMENTS = f"shipments_30d: {{count: shipments, over: 30 days, {_SAID}}}"
REVENUE = f"revenue_30d: {{sum: shipments.revenue, over: 30 days, {_SAID}}}"
GREATEST = f"greatest_30d: {{max: shipments.revenue, over: 30 days, missing: 0, {_SAID}}}"
DUE = f'due: {{count: shipments, where: "(promised_at ?? $now) > $now", {_SAID}}}'
LATE = f"late: {{sum: shipments.late, {_SAID}}}"


def catalogue(*lines: str) -> Catalogue:
    """The features of those lines."""
    found, problems = read_catalogue({"features/some.yaml": "\n".join(lines)}, 2)
    assert problems == []
    return found


def waybill(number: int, payer: str, at: datetime, **more: object) -> dict[str, object]:
    """A shipment paid for by that customer."""
    key = f"W{number}"
    named = {"key": key, "number": key, "payer_system": "any", "payer_key": payer}
    return named | {"accepted_at": at, "revenue": number} | more


@pytest.fixture
def loaded(sqlite_database: Engine, load_rows: LoadRows) -> Engine:
    """Four customers with a shipment each, on days 0, 10, 20 and 30."""
    people = [{"key": key, "name": f"{key} Ltd"} for key in "ABCD"]
    rows = [waybill(number, key, AT + 10 * number * DAY) for number, key in enumerate("ABCD")]
    load_rows(sqlite_database, {"customer": people, "shipment": rows})
    return sqlite_database


@pytest.fixture
def counted(loaded: Engine, tmp_path: Path) -> Callable[..., tuple[list[int], Recount]]:
    """Counts as of a day and gives the first feature of each customer by name, and whose events were counted."""
    present = Present(loaded, tmp_path / "mirror", lambda _what, _rows: None)
    with loaded.connect() as connection:
        names = {row.id: row.name for row in connection.execute(select(customers))}

    def count(day: int, *lines: str, full: bool = False, keep: bool = True) -> tuple[list[int], Recount]:
        features, told = present.renewed(catalogue(*lines), AT + day * DAY, full=full, keep=keep)
        found = sorted((names[row[0]], row[1]) for row in features.rows())
        return [value for _, value in found], told

    return count


def test_nothing_is_counted_again_when_nothing_changed(counted: Callable[..., tuple[list[int], Recount]]) -> None:
    assert counted(30, SHIPMENTS) == ([0, 1, 1, 1], Recount(4, 4, why="nothing was kept of a run before"))
    assert counted(30, SHIPMENTS) == ([0, 1, 1, 1], Recount(0, 4))


@pytest.mark.parametrize(
    ("_case", "day", "crossed", "expected"),
    [
        ("an event leaves the window", 41, 1, [0, 0, 1, 1]),
        ("an event leaves at its edge exactly", 40, 1, [0, 0, 1, 1]),
        ("the edge has not come to any", 39, 0, [0, 1, 1, 1]),
        ("the clock goes back: one comes, one is not yet known", 29, 2, [1, 1, 1, 0]),
        ("so far that everyone is concerned", 75, 3, [0, 0, 0, 0]),
    ],
)
def test_only_those_are_counted_whose_event_an_edge_passed(
    _case: str, day: int, crossed: int, expected: list[int], counted: Callable[..., tuple[list[int], Recount]]
) -> None:
    counted(30, SHIPMENTS)
    assert counted(day, SHIPMENTS) == (expected, Recount(crossed, 4, crossed=crossed))


def test_only_those_are_counted_whose_events_were_loaded(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows
) -> None:
    counted(30, SHIPMENTS)
    load_rows(loaded, {"shipment": [waybill(9, "A", AT + 29 * DAY)]})
    assert counted(30, SHIPMENTS) == ([1, 1, 1, 1], Recount(1, 4, changed=1))


def test_an_event_that_takes_the_number_of_one_deleted_is_not_counted_beside_it(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows
) -> None:
    load_rows(loaded, {"shipment": [waybill(7, "A", AT + 29 * DAY)]})
    assert counted(30, SHIPMENTS)[0] == [1, 1, 1, 1]
    with writing(loaded) as connection:
        newest = connection.execute(select(func.max(shipments.c.id))).scalar_one()
        connection.execute(delete(shipments).where(shipments.c.id == newest))
        log_changes(connection, shipments, pl.Series([newest]))
    assert counted(29, SHIPMENTS, keep=False)[0] == [1, 1, 1, 0]
    load_rows(loaded, {"shipment": [waybill(8, "B", AT + 29 * DAY)]})
    assert counted(30, SHIPMENTS) == ([0, 2, 1, 1], Recount(2, 4, changed=2))


def test_where_too_much_moves_everyone_is_counted_and_the_run_says_so(
    counted: Callable[..., tuple[list[int], Recount]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(30, SHIPMENTS)
    monkeypatch.setattr(moved_events, "_FEW", 0)
    expected = Recount(4, 4, why="so much has changed or moved that it is no more work")
    assert counted(41, SHIPMENTS) == ([0, 0, 1, 1], expected)


def test_where_most_customers_have_other_events_everyone_is_counted(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows
) -> None:
    counted(30, SHIPMENTS)
    load_rows(loaded, {"shipment": [waybill(10 + place, key, AT + 29 * DAY) for place, key in enumerate("ABC")]})
    expected = Recount(4, 4, changed=3, why="so much has changed or moved that it is no more work")
    assert counted(30, SHIPMENTS) == ([1, 2, 2, 1], expected)


def test_each_feature_is_counted_again_for_its_own_edges_alone(
    counted: Callable[..., tuple[list[int], Recount]],
) -> None:
    both = (GREATEST, SHIPMENTS)
    assert counted(30, *both)[0] == [0, 1, 2, 3]
    assert counted(41, *both) == ([0, 0, 2, 3], Recount(1, 4, crossed=1))
    assert counted(51, *both) == ([0, 0, 0, 3], Recount(1, 4, crossed=1))


def test_an_event_given_to_another_customer_concerns_both(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows
) -> None:
    counted(30, SHIPMENTS)
    load_rows(loaded, {"shipment": [waybill(3, "A", AT + 30 * DAY)]})
    assert counted(30, SHIPMENTS) == ([1, 1, 1, 0], Recount(2, 4, changed=2))


def test_a_delivery_that_becomes_known_concerns_its_customer(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows
) -> None:
    was_late = {"promised_at": AT + 31 * DAY, "delivered_at": AT + 33 * DAY}
    load_rows(loaded, {"shipment": [waybill(3, "D", AT + 30 * DAY, **was_late)]})
    assert counted(32, LATE)[0] == [0, 0, 0, 0]
    assert counted(33, LATE) == ([0, 0, 0, 1], Recount(1, 4, crossed=1))


def test_a_new_feature_and_one_that_asks_for_the_clock_are_counted_for_everyone(
    counted: Callable[..., tuple[list[int], Recount]],
) -> None:
    counted(30, SHIPMENTS, DUE)
    assert counted(30, SHIPMENTS, DUE, REVENUE)[1] == Recount(0, 4, for_all=("revenue_30d",))
    assert counted(31, SHIPMENTS, DUE, REVENUE)[1] == Recount(0, 4, for_all=("due",))


def test_a_feature_declared_otherwise_is_counted_for_everyone(
    counted: Callable[..., tuple[list[int], Recount]],
) -> None:
    counted(30, SHIPMENTS)
    wider = SHIPMENTS.replace("30 days", "31 days")
    assert counted(30, wider) == ([1, 1, 1, 1], Recount(0, 4, for_all=("shipments_30d",)))


def test_full_counts_everyone(counted: Callable[..., tuple[list[int], Recount]]) -> None:
    counted(30, SHIPMENTS)
    assert counted(30, SHIPMENTS, full=True) == ([0, 1, 1, 1], Recount(4, 4, why="that was asked for"))


def test_a_dry_run_leaves_what_was_kept(counted: Callable[..., tuple[list[int], Recount]]) -> None:
    counted(30, SHIPMENTS)
    assert counted(41, SHIPMENTS, keep=False)[1] == Recount(1, 4, crossed=1)
    assert counted(30, SHIPMENTS)[1] == Recount(0, 4)


def kept_file(folder: Path) -> Path:
    """The file of what was counted."""
    (file,) = (folder / "counted").glob("counted-*.arrow")
    return file


def flip(folder: Path) -> None:
    """A bit in the middle of the file is another."""
    content = bytearray(kept_file(folder).read_bytes())
    content[len(content) // 2] ^= 1
    kept_file(folder).write_bytes(content)


def date_back(folder: Path) -> None:
    """What was counted was counted by an earlier version."""
    file = folder / "counted" / "counted.json"
    content = json.dumps(json.loads(json.loads(file.read_bytes())["content"]) | {"version": "0.0.1"})
    file.write_text(json.dumps({"checksum": zlib.crc32(content.encode()), "content": content}))


DAMAGES: list[tuple[str, Damage, str]] = [
    ("the file is cut", lambda folder: os.truncate(kept_file(folder), 100), "has 100 bytes instead of"),
    ("a bit is flipped", flip, "does not hold what was written"),
    ("the file is gone", lambda folder: kept_file(folder).unlink(), "is missing"),
    ("the table of contents is cut", lambda folder: os.truncate(folder / "counted" / "counted.json", 9), "is damaged"),
    (
        "the table of contents says something else",
        lambda folder: (folder / "counted" / "counted.json").write_text('{"checksum": 1, "content": "{}"}'),
        "'counted.json' is damaged",
    ),
    ("another version counted", date_back, "it was counted by another version of Kehu"),
]


@pytest.mark.parametrize(("_case", "damage", "why"), DAMAGES)
def test_everyone_is_counted_when_what_was_kept_is_of_no_use(
    _case: str, damage: Damage, why: str, counted: Callable[..., tuple[list[int], Recount]], tmp_path: Path
) -> None:
    counted(30, SHIPMENTS)
    damage(tmp_path / "mirror")
    levels, told = counted(30, SHIPMENTS)
    assert (levels, told.customers) == ([0, 1, 1, 1], 4)
    assert why in told.why
    assert counted(30, SHIPMENTS) == ([0, 1, 1, 1], Recount(0, 4))


def test_everyone_is_counted_when_what_was_kept_cannot_be_read(loaded: Engine, tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "counted").write_text("a file is in the way")
    present = Present(loaded, tmp_path / "mirror", lambda what, _rows: told.append(what))
    features, found = present.renewed(catalogue(SHIPMENTS), AT + 30 * DAY, full=False, keep=True)
    assert sorted(features["shipments_30d"]) == [0, 1, 1, 1]
    assert found.customers == 4
    assert found.why.startswith("what was kept cannot be used: ")
    assert [text.split(":")[0] for text in told] == ["what was counted cannot be kept for the next run"]


def test_everyone_is_counted_when_the_mirror_does_not_know_what_changed(
    counted: Callable[..., tuple[list[int], Recount]], loaded: Engine, load_rows: LoadRows, tmp_path: Path
) -> None:
    counted(30, SHIPMENTS)
    load_rows(loaded, {"shipment": [waybill(9, "A", AT + 29 * DAY)]})
    (tmp_path / "mirror" / "manifest.json").unlink()
    expected = Recount(4, 4, why="it is not known any more what has changed since")
    assert counted(30, SHIPMENTS) == ([1, 1, 1, 1], expected)


def test_a_mirror_built_again_of_the_same_state_concerns_nobody(
    counted: Callable[..., tuple[list[int], Recount]], tmp_path: Path
) -> None:
    counted(30, SHIPMENTS)
    (tmp_path / "mirror" / "manifest.json").unlink()
    assert counted(30, SHIPMENTS) == ([0, 1, 1, 1], Recount(0, 4))


def test_everyone_is_counted_once_it_was_forgotten(
    counted: Callable[..., tuple[list[int], Recount]], tmp_path: Path
) -> None:
    counted(30, SHIPMENTS)
    forget_kept(tmp_path / "mirror")
    assert counted(30, SHIPMENTS)[1] == Recount(4, 4, why="nothing was kept of a run before")
