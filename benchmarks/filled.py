"""A store filled directly, past loaders and identity: as many customers and events as a national carrier has.

    python benchmarks/filled.py CUSTOMERSxWAYBILLS DIR [--database URL]

Makes the workspace DIR with the sample carrier's settings. The same numbers give the same rows. Customers differ as a
carrier's do: a fifth ships four fifths, a fifth has left, nearly half only receive.
"""

import argparse
import shutil
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import numpy as np
import polars as pl
from sqlalchemy import Connection, Engine, insert

from kehu.model.graph import INSTANT, SATISFACTION_DIMENSIONS
from kehu.pipeline.transactions import writing
from kehu.store.bulk import insert_frame
from kehu.store.database import open_database, upgrade
from kehu.store.event_changes import log_changes
from kehu.tables.facts import batches, complaints, customer_records, customers, shipments, source_records, visits
from kehu.workspace.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[1]
END = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 1_095
_DAY = 86_400_000_000
_SLICE = 1_000_000
_SERVICES = ("standard", "express", "economy", "cold chain", "oversize")
_CITIES = tuple(f"C{number:03}" for number in range(300))
_CATEGORIES = ("documents", "electronics", "clothing", "food", "medicine", "parts", "")
_REGIONS = ("上海", "江苏", "浙江", "广东", "福建", "山东", "四川", "湖北", "北京", None)
_INDUSTRIES = ("电商", "制造", "医药", "服装", "电子", "农产品", None)


def main() -> None:
    """Fill the workspace and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", default="")
    parser.add_argument("--ingest", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    how_many, waybills = map(int, given.size.split("x"))
    if given.ingest:
        ingest(given.ingest, how_many, waybills)
        return
    begun = time.perf_counter()
    fill(make_workspace(given.folder, given.database), how_many, waybills)
    print(f"{how_many:,} customers, {waybills:,} waybills in {time.perf_counter() - begun:.0f} s", file=sys.stderr)


def make_workspace(folder: Path, database: str = "") -> Engine:
    """The sample carrier's workspace there, its database empty."""
    shutil.copytree(ROOT / "examples" / "carrier", folder)
    if database:
        settings = folder / "kehu.toml"
        settings.write_text(settings.read_text(encoding="utf-8") + f'database_url = "{database}"\n', encoding="utf-8")
    engine = open_database(open_workspace(folder, {}).settings.database_url)
    upgrade(engine)
    return engine


def fill(engine: Engine, how_many: int, waybills: int) -> None:
    """Customers, and three years of their events up to END."""
    with writing(engine) as connection:
        connection.execute(insert(batches).values(id=1, source="made", file="made", started_at=END, **_NOTHING))
        insert_frame(connection, customers, _customers(np.random.default_rng(_SEED), how_many))
        _insert_record(connection)
        # An index made at the end costs a tenth of one kept up row by row.
        for index in (index for table in _RATES for index in table.indexes):
            index.drop(connection)
    engine.dispose()
    address = engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)
    # A process of its own, since ADBC brings an SQLite library that must not share one with ours.
    words = [sys.executable, __file__, f"{how_many}x{waybills}", "-", "--ingest", address]
    subprocess.run(words, check=True)
    with writing(engine) as connection:
        for table, (rate, _) in _RATES.items():
            log_changes(connection, table, pl.Series([1, waybills // rate]))
            connection.exec_driver_sql(_SPAN.format(table=table.name, last=waybills // rate))
            for index in table.indexes:
                index.create(connection)
    engine.dispose()


def ingest(address: str, how_many: int, waybills: int) -> None:
    """Write the events through ADBC."""
    is_sqlite = address.startswith("sqlite")
    driver = adbc_driver_sqlite.dbapi if is_sqlite else adbc_driver_postgresql.dbapi
    habits = _Habits(np.random.default_rng(_SEED), how_many)
    with driver.connect(address.removeprefix("sqlite:///") if is_sqlite else address) as connection:
        for table, (rate, make) in _RATES.items():
            for first in range(0, waybills // rate, _SLICE):
                rows = make(habits, first + 1, min(_SLICE, waybills // rate - first))
                instants = pl.selectors.datetime()
                rows = rows.with_columns(instants.cast(pl.Int64)) if is_sqlite else rows
                with connection.cursor() as cursor:
                    cursor.adbc_ingest(table.name, rows.to_arrow(), mode="append")
                connection.commit()


_NOTHING = {"read": 0, "loaded": 0, "unchanged": 0, "quarantined": 0}


def _insert_record(connection: Connection) -> None:
    """The one record that stands for where complaints and visits come from."""
    record = {"id": 1, "system": "made", "entity": "customer", "key": "1", "hash": 0, "batch_id": 1, "line": 1}
    connection.execute(insert(source_records).values(**record))
    connection.execute(insert(customer_records).values(id=1, customer_id=1, origin="file"))


def _customers(dice: np.random.Generator, how_many: int) -> pl.DataFrame:
    ids = np.arange(1, how_many + 1)
    number = pl.col("id").cast(pl.String).str.zfill(9)
    # Spread over 700 days; some were never seen.
    silent = pl.col("id") * 7919 % (700 * 86_400)
    return pl.DataFrame({"id": ids}).select(
        pl.col("id").cast(pl.Int64),
        pl.Series("uid", [str(uuid.UUID(int=int(each))) for each in ids]),
        kind=pl.when(pl.col("id") % 3 == 0).then(pl.lit("company")).otherwise(pl.lit("person")),
        name=pl.lit("客户") + number,
        name_search=pl.lit("客户") + number,
        industry=pl.Series(_chosen(dice, _INDUSTRIES, how_many)),
        country=pl.lit("CN"),
        region=pl.Series(_chosen(dice, _REGIONS, how_many)),
        first_seen_at=pl.lit(END, INSTANT),
        last_seen_at=pl.when(pl.col("id") % 33 != 0).then(pl.lit(END, INSTANT) - pl.duration(seconds=silent)),
    )


class _Habits:
    """Who ships how much, since when and until when; what one event more looks like."""

    def __init__(self, dice: np.random.Generator, how_many: int) -> None:
        self.dice, self.how_many = dice, how_many
        weights = dice.lognormal(0, 1.68, how_many) * (dice.random(how_many) < 0.55)
        self.cumulated = np.cumsum(weights) / weights.sum()
        self.since = dice.random(how_many) * 0.7 * (dice.random(how_many) < 0.5)
        left = dice.random(how_many) < 0.2
        self.until = np.where(left, self.since + dice.random(how_many) * (1 - self.since), 1.0)

    def _owners(self, rows: int) -> np.ndarray:
        return np.searchsorted(self.cumulated, self.dice.random(rows)).clip(0, self.how_many - 1)

    def _instants(self, owners: np.ndarray) -> pl.Series:
        share = self.since[owners] + self.dice.random(len(owners)) * (self.until[owners] - self.since[owners])
        micros = int(END.timestamp()) * 1_000_000 - ((1 - share) * DAYS * 86_400).astype(np.int64) * 1_000_000
        return pl.Series(micros).cast(INSTANT)

    def shipments(self, first: int, rows: int) -> pl.DataFrame:
        """Waybills numbered from `first`."""
        dice, owners = self.dice, self._owners(rows)
        at = self._instants(owners)
        hours = pl.Series(dice.integers(12, 120, rows)) * 3_600_000_000
        late = pl.Series(dice.normal(-6, 12, rows).astype(np.int64)) * 3_600_000_000
        promised = at + hours.cast(pl.Duration("us"))
        delivered = promised + late.cast(pl.Duration("us"))
        revenue = (dice.lognormal(3.2, 1.0, rows) * 100).astype(np.int64).clip(100, 10**8)
        status = dice.choice([0, 1, 2], rows, p=[0.96, 0.02, 0.02])
        words = ("delivered", "in_transit", "cancelled")
        frame = pl.DataFrame({"id": np.arange(first, first + rows), "at": at, "promised": promised})
        return frame.select(
            pl.col("id").cast(pl.Int64),
            number=pl.lit("W") + pl.col("id").cast(pl.String),
            payer_id=pl.Series(owners + 1).cast(pl.Int64),
            shipper_id=pl.Series(owners + 1).cast(pl.Int64),
            consignee_id=pl.Series(dice.integers(1, self.how_many + 1, rows)).cast(pl.Int64),
            service=pl.Series(_chosen(dice, _SERVICES, rows)),
            origin=pl.Series(_chosen(dice, _CITIES, rows)),
            destination=pl.Series(_chosen(dice, _CITIES, rows)),
            accepted_at="at",
            promised_at="promised",
            delivered_at=pl.when(pl.Series(status) == 0).then(pl.Series(delivered)),
            status=pl.Series(words).gather(pl.Series(status)),
            pieces=pl.Series(dice.integers(1, 9, rows)).cast(pl.Int64),
            weight_g=pl.Series(dice.integers(50, 30_000, rows)).cast(pl.Int64),
            item_category=pl.Series(_chosen(dice, _CATEGORIES, rows)),
            revenue=pl.Series(revenue),
            cost=pl.Series((revenue * dice.normal(0.8, 0.1, rows)).astype(np.int64)),
            currency=pl.lit("CNY"),
            at="at",
        )

    def complaints(self, first: int, rows: int) -> pl.DataFrame:
        """Complaints numbered from `first`; one in ten is open."""
        dice, owners = self.dice, self._owners(rows)
        opened = self._instants(owners)
        took = (pl.Series(dice.integers(1, 200, rows)) * 3_600_000_000).cast(pl.Duration("us"))
        is_open = pl.Series(dice.random(rows) < 0.1)
        frame = pl.DataFrame({"id": np.arange(first, first + rows), "opened": opened, "resolved": opened + took})
        return frame.select(
            pl.col("id").cast(pl.Int64),
            number=pl.lit("K") + pl.col("id").cast(pl.String),
            customer_record_id=pl.lit(1, pl.Int64),
            customer_id=pl.Series(owners + 1).cast(pl.Int64),
            category=pl.Series(_chosen(dice, ("late", "damaged", "lost", "attitude"), rows)),
            severity=pl.Series(_chosen(dice, ("low", "medium", "high"), rows)),
            opened_at="opened",
            responded_at="opened",
            resolved_at=pl.when(~is_open).then("resolved"),
            currency=pl.lit("CNY"),
        )

    def visits(self, first: int, rows: int) -> pl.DataFrame:
        """Visits held, half of them scored."""
        dice, owners = self.dice, self._owners(rows)
        held = self._instants(owners)
        scored = pl.Series(dice.random(rows) < 0.5)
        scores = {
            name: pl.when(scored).then(pl.Series(dice.integers(1, 6, rows)).cast(pl.Int16))
            for name in SATISFACTION_DIMENSIONS
        }
        frame = pl.DataFrame({"id": np.arange(first, first + rows), "held": held})
        return frame.select(
            pl.col("id").cast(pl.Int64),
            number=pl.lit("V") + pl.col("id").cast(pl.String),
            customer_record_id=pl.lit(1, pl.Int64),
            customer_id=pl.Series(owners + 1).cast(pl.Int64),
            purpose=pl.lit("call-back"),
            channel=pl.lit("phone"),
            due_at="held",
            held_at="held",
            at="held",
            **scores,
        )


def _chosen(dice: np.random.Generator, words: tuple[str | None, ...], rows: int) -> pl.Series:
    return pl.Series(words).gather(pl.Series(dice.integers(0, len(words), rows)))


_SEED = 1
# By table: one for so many waybills, and what makes them.
_RATES = {
    shipments: (1, _Habits.shipments),
    complaints: (100, _Habits.complaints),
    visits: (100, _Habits.visits),
}
_SPAN = "UPDATE event_changes SET first_id = 1, last_id = {last} WHERE stream = '{table}'"

if __name__ == "__main__":
    main()
