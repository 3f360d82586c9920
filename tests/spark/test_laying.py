"""What is laid for Spark: each file of the mirror once, whole or not at all, instants as whole microseconds."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from kehu.mirror.files import write_frame
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.manifest import Manifest, StreamFiles
from kehu.mirror.mirror import Mirror
from kehu.spark.laying import Laid, Shared, lay_events
from kehu.store.event_changes import Head

AT = datetime(2026, 1, 1, tzinfo=UTC)


def visits(*ids: int, purpose: str = "consultation") -> pl.DataFrame:
    rows = [{"id": each, "customer_id": 1, "held_at": AT, "purpose": purpose} for each in ids]
    return pl.DataFrame(rows, schema=LAYOUTS["visits"].types)


def mirror_of(folder: Path, streams: dict[str, StreamFiles]) -> Mirror:
    return Mirror(folder, Manifest(Head(1, 1), {name: streams.get(name, StreamFiles()) for name in LAYOUTS}))


def times(shared: Shared) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in Path(shared.folder).iterdir()}


def names(paths: tuple[str, ...]) -> list[str]:
    return [Path(path).name.split("-")[0] for path in paths]


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(f"{tmp_path}/shared")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "mirror"
    place.mkdir()
    return place


def test_texts_and_instants_are_laid_as_spark_reads_them(shared: Shared, folder: Path) -> None:
    coded = visits(1, 2).with_columns(pl.col("purpose").cast(pl.Categorical()))
    mirror = mirror_of(folder, {"visits": StreamFiles((write_frame(folder, "visits", coded),))})
    laid = lay_events(shared, mirror, ["visits"])["visits"]
    frame = pl.read_parquet(laid.base[0])
    assert frame.select("id", "held_at", "purpose").rows() == [
        (1, 1_767_225_600_000_000, "consultation"),
        (2, 1_767_225_600_000_000, "consultation"),
    ]
    assert frame.schema["purpose"] == pl.String()
    assert (laid.tail, laid.gone) == ((), ())


def test_only_what_the_mirror_has_anew_is_laid(shared: Shared, folder: Path) -> None:
    base = (write_frame(folder, "visits", visits(1, 2, 3)),)
    lay_events(shared, mirror_of(folder, {"visits": StreamFiles(base)}), ["visits"])
    first = times(shared)
    tail = write_frame(folder, "visits-tail", visits(2, 4, purpose="return_visit"))
    gone = write_frame(folder, "visits-gone", pl.DataFrame({"id": [2]}, schema={"id": pl.Int64()}))
    caught_up = mirror_of(folder, {"visits": StreamFiles(base, (tail,), (gone,))})
    laid = lay_events(shared, caught_up, ["visits"])["visits"]
    second = times(shared)
    assert {name: second[name] for name in first} == first
    assert [names(part) for part in (laid.base, laid.tail, laid.gone)] == [["visits"]] * 3
    assert len(second) == 3
    lay_events(shared, caught_up, ["visits"])
    assert times(shared) == second


def test_a_damaged_file_is_laid_again(shared: Shared, folder: Path) -> None:
    mirror = mirror_of(folder, {"visits": StreamFiles((write_frame(folder, "visits", visits(1, 2)),))})
    (path,) = lay_events(shared, mirror, ["visits"])["visits"].base
    Path(path).write_bytes(b"PAR1")
    lay_events(shared, mirror, ["visits"])
    assert len(pl.read_parquet(path)) == 2


def test_a_kind_of_event_that_never_happened_has_its_columns(shared: Shared, folder: Path) -> None:
    (path,) = lay_events(shared, mirror_of(folder, {}), ["contacts"])["contacts"].base
    assert pl.read_parquet(path).columns == LAYOUTS["contacts"].types.names()


def test_what_is_needed_no_more_is_removed(shared: Shared) -> None:
    kept = shared.lay("kept", visits(1))
    shared.lay("old", visits(1))
    Path(f"{shared.folder}/dead.parquet.part").write_bytes(b"")
    shared.keep({kept})
    assert list(times(shared)) == ["kept.parquet"]


def test_a_run_leaves_nothing_behind_nor_what_a_dead_one_left(shared: Shared) -> None:
    dead = Path(shared.folder) / "run-dead"
    dead.mkdir()
    with shared.of_run() as own:
        assert not dead.exists()
        own.lay("customers", visits(1))
        assert Path(own.folder).is_dir()
    assert times(shared) == {}


def test_all_files_of_a_kind_are_told() -> None:
    assert Laid(("a",), ("b",), ("c",)).files == ("a", "b", "c")


def test_an_address_is_laid_at_as_a_folder_is_and_never_emptied(tmp_path: Path) -> None:
    shared = Shared(f"file://{tmp_path}/shared/")
    assert shared.holds("visits", 2) is None
    path = shared.lay("visits", visits(1, 2))
    assert path == f"file://{tmp_path}/shared/visits.parquet"
    assert (shared.holds("visits", 2), shared.holds("visits", 3)) == (path, None)
    with shared.of_run() as own:
        left = own.lay("customers", visits(1))
    shared.keep(())
    assert [len(pl.read_parquet(each)) for each in (path, left)] == [2, 1]
