"""A mirror that is damaged, old, of another database or cannot be written: noticed, built again or done without."""

import json
import os
import shutil
import stat
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, delete, update

from kehu.mirror.building import forget, up_to_date
from kehu.mirror.checking import compare_mirror
from kehu.mirror.manifest import NAME
from kehu.mirror.sorting import Sizes
from kehu.model.graph import Entity
from kehu.pipeline.transactions import writing
from kehu.tables.facts import shipments

LoadRows = Callable[[Engine, Mapping[Entity, Sequence[Mapping[str, object]]]], None]
Damage = Callable[[Path], object]
AT = datetime(2026, 1, 1, tzinfo=UTC)
ARROW = Sizes(cursor_rows=0)


def waybill(number: int, payer: str = "A") -> dict[str, object]:
    """A shipment paid for by that customer."""
    key = f"W{number}"
    return {"key": key, "number": key, "payer_system": "any", "payer_key": payer, "accepted_at": AT, "revenue": number}


@pytest.fixture
def loaded(sqlite_database: Engine, load_rows: LoadRows) -> Engine:
    """Three shipments of two customers."""
    people = [{"key": "A", "name": "Alpha Ltd"}, {"key": "B", "name": "Beta Ltd"}]
    load_rows(sqlite_database, {"customer": people, "shipment": [waybill(1), waybill(2), waybill(3, "B")]})
    return sqlite_database


def numbers(engine: Engine, folder: Path) -> tuple[list[int], str]:
    """The revenue of each mirrored shipment in the order of their ids, and the mirror's note."""
    mirror = up_to_date(engine, folder)
    rows = mirror.scan("shipments", ["id", "revenue"], in_order=False).collect().sort("id")
    return rows["revenue"].to_list(), mirror.note


def data_file(folder: Path) -> Path:
    """The file of the shipments."""
    (file,) = folder.glob("shipments-*.arrow")
    return file


def cut(folder: Path) -> None:
    """Half of a file is lost."""
    os.truncate(data_file(folder), data_file(folder).stat().st_size // 2)


def flip(folder: Path) -> None:
    """A bit in the middle of a file is another."""
    content = bytearray(data_file(folder).read_bytes())
    content[len(content) // 2] ^= 1
    data_file(folder).write_bytes(content)


def flip_manifest(folder: Path) -> None:
    """The manifest names another number of rows."""
    text = (folder / NAME).read_text()
    (folder / NAME).write_text(text.replace('\\"rows\\": 3', '\\"rows\\": 4'))


def other_version(folder: Path) -> None:
    """The manifest is whole, of a format to come."""
    content = json.loads(json.loads((folder / NAME).read_text())["content"]) | {"format": 999}
    text = json.dumps(content)
    (folder / NAME).write_text(json.dumps({"checksum": zlib.crc32(text.encode()), "content": text}))


@pytest.mark.parametrize(
    ("_case", "damage", "note"),
    [
        ("cut short", cut, "bytes instead of"),
        ("a bit flipped", flip, "does not hold what was written"),
        ("a file missing", lambda folder: data_file(folder).unlink(), "is missing"),
        ("the manifest flipped", flip_manifest, "'manifest.json' is damaged"),
        ("the manifest cut short", lambda folder: os.truncate(folder / NAME, 40), "'manifest.json' is damaged"),
        ("the manifest empty", lambda folder: os.truncate(folder / NAME, 0), "'manifest.json' is damaged"),
        ("another version", other_version, "it was made by another version of Kehu"),
    ],
)
def test_damage_is_noticed_and_the_mirror_built_again(_case: str, damage: Damage, note: str, loaded: Engine) -> None:
    folder = Path(f"{loaded.url.database}.mirror")
    assert numbers(loaded, folder) == ([1, 2, 3], "")
    damage(folder)
    revenues, said = numbers(loaded, folder)
    assert (revenues, note in said) == ([1, 2, 3], True)
    assert numbers(loaded, folder) == ([1, 2, 3], "")


def test_a_copied_mirror_is_as_good(loaded: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    numbers(loaded, folder)
    shutil.copytree(folder, tmp_path / "copy")
    assert numbers(loaded, tmp_path / "copy") == ([1, 2, 3], "")


def test_a_database_that_a_backup_brought_back_is_noticed(loaded: Engine, load_rows: LoadRows, tmp_path: Path) -> None:
    loaded.dispose()
    shutil.copy(str(loaded.url.database), tmp_path / "backup")
    load_rows(loaded, {"shipment": [waybill(4)]})
    assert numbers(loaded, tmp_path / "mirror") == ([1, 2, 3, 4], "")
    loaded.dispose()
    shutil.copy(tmp_path / "backup", str(loaded.url.database))
    load_rows(loaded, {"shipment": [waybill(5)]})
    expected = ([1, 2, 3, 5], "it was made of another state of the database")
    assert numbers(loaded, tmp_path / "mirror") == expected


def test_events_written_past_the_log_are_noticed_by_their_number(
    loaded: Engine, load_rows: LoadRows, tmp_path: Path
) -> None:
    numbers(loaded, tmp_path)
    with writing(loaded) as connection:
        connection.execute(delete(shipments).where(shipments.c.number == "W1"))
    load_rows(loaded, {"shipment": [waybill(4)]})
    assert numbers(loaded, tmp_path) == ([2, 3, 4], "it had 4 shipments, and the database has 3")


def test_a_check_compares_what_events_say(loaded: Engine, tmp_path: Path) -> None:
    comparisons, problems = compare_mirror(loaded, tmp_path)
    assert [(each.stream, each.stored.rows) for each in comparisons] == [
        ("shipments", 3),
        ("complaints", 0),
        ("visits", 0),
        ("contacts", 0),
    ]
    assert all(each.stored == each.mirrored for each in comparisons)
    assert problems == []
    with writing(loaded) as connection:
        connection.execute(update(shipments).where(shipments.c.number == "W1").values(revenue=None))
    (problem,) = compare_mirror(loaded, tmp_path)[1]
    assert problem.message == "3 shipments in the database, 3 in its mirror, which are not the same"
    forget(tmp_path)
    assert compare_mirror(loaded, tmp_path)[1] == []


def test_through_adbc_comes_what_comes_by_the_cursor(database: Engine, load_rows: LoadRows, tmp_path: Path) -> None:
    rows = [waybill(1), {**waybill(2), "service": "100% 冷链", "delivered_at": AT}, {**waybill(3), "accepted_at": None}]
    load_rows(database, {"customer": [{"key": "A", "name": "Alpha Ltd"}], "shipment": rows})
    for number in (0, 1):
        by_cursor, through_arrow = (
            pl.concat(up_to_date(database, tmp_path / kind, sizes).frames("shipments")).sort("id")
            for kind, sizes in (("cursor", Sizes()), ("arrow", ARROW))
        )
        assert through_arrow.equals(by_cursor, null_equal=True)
        assert len(through_arrow) == 3 + number
        load_rows(database, {"shipment": [{**rows[0], "revenue": 7}, waybill(4)]})


def test_writes_after_a_read_through_adbc_are_kept(loaded: Engine, load_rows: LoadRows, tmp_path: Path) -> None:
    # Two SQLite libraries in one process would have removed the log that the engine's open connection writes to.
    with loaded.connect() as kept_open:
        kept_open.execute(shipments.select()).all()
        kept_open.rollback()
        up_to_date(loaded, tmp_path, ARROW)
        load_rows(loaded, {"shipment": [waybill(4)]})
    loaded.dispose()
    assert numbers(loaded, tmp_path)[0] == [1, 2, 3, 4]


def test_a_reader_keeps_its_files_while_others_write(loaded: Engine, load_rows: LoadRows, tmp_path: Path) -> None:
    before = up_to_date(loaded, tmp_path)
    forget(tmp_path)
    load_rows(loaded, {"shipment": [waybill(4)]})
    assert numbers(loaded, tmp_path)[0] == [1, 2, 3, 4]
    assert before.scan("shipments", ["revenue"], in_order=True).collect()["revenue"].to_list() == [1, 2, 3]
    del before
    numbers(loaded, tmp_path)
    assert len(list(tmp_path.glob("shipments-*.arrow"))) == 1


def test_a_folder_that_cannot_be_written_is_an_oserror(loaded: Engine, tmp_path: Path) -> None:
    (tmp_path / "mirror").write_text("a file is in the way")
    with pytest.raises(OSError, match="mirror"):
        up_to_date(loaded, tmp_path / "mirror")
    assert stat.S_ISREG((tmp_path / "mirror").stat().st_mode)


def test_leftovers_of_a_writer_that_died_are_removed(loaded: Engine, tmp_path: Path) -> None:
    (tmp_path / "spill-x").mkdir()
    (tmp_path / "shipments-1.arrow.part").write_text("half")
    (tmp_path / "shipments-1.arrow").write_text("whole, but in no manifest")
    assert numbers(loaded, tmp_path) == ([1, 2, 3], "")
    left = sorted(path.name.split("-")[0] for path in tmp_path.iterdir() if path.suffix != ".sqlite3")
    assert [name for name in left if not name.startswith(("kehu", "spool"))] == ["lock", "manifest.json", "shipments"]


def test_what_cannot_be_removed_beside_the_mirror_does_no_harm(loaded: Engine, tmp_path: Path) -> None:
    (tmp_path / "old.arrow").mkdir()
    (tmp_path / "old.part").mkdir()
    assert numbers(loaded, tmp_path) == ([1, 2, 3], "")
    assert numbers(loaded, tmp_path) == ([1, 2, 3], "")
