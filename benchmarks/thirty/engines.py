"""Kehu and its peers, each as what it needs once and a call that answers all thirty features."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.compute import compute
from kehu.features.selection import only
from kehu.mirror.manifest import read_manifest
from kehu.mirror.mirror import Mirror
from kehu.pipeline.scanning import scans
from kehu.workspace.workspace import shipped_texts
from thirty.in_sql import COLUMNS, chdb, datafusion, duckdb_composed, duckdb_plain
from thirty.made import AS_OF

Answer = Callable[[], pl.DataFrame]
PARQUET, TABLE = "shipments.parquet", "shipments.duckdb"
_WORDS = ("service", "origin", "destination", "status")


def thirty_features() -> Catalogue:
    """Every shipped feature of the shipments a customer pays for, but the list of services."""
    texts = {path: text for path, text in shipped_texts().items() if path.startswith("features/")}
    catalogue, _ = read_catalogue(texts, 2)
    counted = (item for item in catalogue.declarations if item.stream and item.operation != "list")
    names = [item.info.name for item in counted if item.stream.name == "shipments" and item.role == "payer"]
    assert len(names) == 30, names
    return only(catalogue, names)


def kehu(folder: Path, customers: int) -> Answer:
    """All thirty as a run computes them, a row for every customer."""
    mirror, catalogue = mirror_in(folder), thirty_features()
    everyone = pl.DataFrame({"customer": pl.int_range(1, customers + 1, eager=True)})
    return lambda: compute(catalogue, everyone, scans(mirror, catalogue), AS_OF, by_customer=True)


def floor(folder: Path, _customers: int) -> Answer:
    """Reading the columns that the thirty need, and one sum per customer in the order the rows have."""
    mirror = mirror_in(folder)
    rows = mirror.scan("shipments", COLUMNS, in_order=True, coded=True)

    def answer() -> pl.DataFrame:
        read = pl.LazyFrame({"rows": [sum(len(each) for each in rows.collect_batches(maintain_order=True))]})
        sums = rows.group_by(customer="payer_id").agg(pl.col("revenue").sum())
        return sums.join(read, how="cross").collect(engine="streaming")

    return answer


def duckdb_table_composed(folder: Path, _customers: int) -> Answer:
    """DuckDB on its own table, in order, words as ENUM; distinct values in passes of their own."""
    return _duckdb(folder, duckdb_composed("shipments"))


def duckdb_table_plain(folder: Path, _customers: int) -> Answer:
    """The same table in one pass."""
    return _duckdb(folder, duckdb_plain("shipments"))


def duckdb_parquet(folder: Path, _customers: int) -> Answer:
    """DuckDB on the sorted Parquet file."""
    return _duckdb(folder, duckdb_composed(f"(SELECT * REPLACE ({_enums()}) FROM '{folder / PARQUET}')"))


def datafusion_parquet(folder: Path, _customers: int) -> Answer:
    """DataFusion on the Parquet file, told how it is sorted; its percentiles are rounded."""
    from datafusion import SessionConfig, SessionContext, col  # noqa: PLC0415  # a peer, in its own process only

    context = SessionContext(SessionConfig().with_target_partitions(2))
    order = [col(name).sort(ascending=True, nulls_first=False) for name in ("payer_id", '"at"')]
    context.register_parquet("shipments", str(folder / PARQUET), file_sort_order=[order])
    return lambda: pl.DataFrame(context.sql(datafusion("shipments")).to_arrow_table())


def chdb_parquet(folder: Path, _customers: int) -> Answer:
    """ClickHouse, embedded, on the Parquet file."""
    from chdb import query  # noqa: PLC0415  # it takes over signal handlers when imported

    text = chdb(f"file('{folder / PARQUET}', Parquet)")
    return lambda: pl.DataFrame(query(text, "ArrowTable"))


ENGINES: dict[str, Callable[[Path, int], Answer]] = {
    "Kehu": kehu,
    "the floor": floor,
    "DuckDB, own table": duckdb_table_composed,
    "DuckDB, own table, one pass": duckdb_table_plain,
    "DuckDB, Parquet": duckdb_parquet,
    "DataFusion, Parquet": datafusion_parquet,
    "chDB, Parquet": chdb_parquet,
}


def mirror_in(folder: Path) -> Mirror:
    """The made-up mirror."""
    manifest = read_manifest(folder)
    assert manifest is not None
    return Mirror(folder, manifest)


def make_layouts(folder: Path) -> None:
    """The mirror's rows as sorted Parquet and as DuckDB's table."""
    rows = mirror_in(folder).scan("shipments", COLUMNS, in_order=True).select(COLUMNS)
    rows.sink_parquet(folder / PARQUET, row_group_size=131_072, compression="lz4", maintain_order=True)
    with duckdb.connect(str(folder / TABLE)) as connection:
        for name in _WORDS:
            found = f"SELECT DISTINCT {name} FROM '{folder / PARQUET}' WHERE {name} IS NOT NULL ORDER BY 1"
            connection.execute(f"CREATE TYPE {name}_word AS ENUM ({found})")
        connection.execute(f"CREATE TABLE shipments AS SELECT * REPLACE ({_enums()}) FROM '{folder / PARQUET}'")


def _enums() -> str:
    return ", ".join(f"{name}::{name}_word AS {name}" for name in _WORDS)


def _duckdb(folder: Path, text: str) -> Answer:
    connection = duckdb.connect(str(folder / TABLE), read_only=True)
    connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
    return lambda: pl.DataFrame(connection.sql(text).to_arrow_table())
