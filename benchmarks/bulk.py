"""The mirror of the events: built, caught up, and features computed from it beside the store and beside DuckDB.

    python benchmarks/bulk.py [CUSTOMERSxWAYBILLS] [--carrier DIR]

A generated carrier on SQLite, or the loaded workspace in DIR, which is left as it was. Each measurement runs in a
process of its own: wall seconds, CPU seconds of it and its children, peak memory. DuckDB answers ten of the features
in SQL written by hand over the mirror's own rows in a sorted Parquet file and as Arrow; the answers must be equal.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb
import polars as pl
from sqlalchemy import func, select

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.features.selection import only
from kehu.mirror.building import up_to_date
from kehu.mirror.mirror import Mirror
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.scanning import scans
from kehu.pipeline.transactions import writing
from kehu.store.bulk import insert_frame, read_frame
from kehu.store.database import open_database, upgrade
from kehu.store.event_changes import log_changes
from kehu.store.reading import STREAM_TABLES, read_customers
from kehu.workspace.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[1]
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
ROUNDS = 3
NEW = 100_000
PEERS = {
    "revenue_90d": 'coalesce(sum(revenue) FILTER ("at" > $d90), 0)',
    "revenue_365d": 'coalesce(sum(revenue) FILTER ("at" > $d365), 0)',
    "revenue_prev_365d": 'coalesce(sum(revenue) FILTER ("at" <= $d365 AND "at" > $d730), 0)',
    "revenue_total": "coalesce(sum(revenue), 0)",
    "cost_365d": 'coalesce(sum(cost) FILTER ("at" > $d365), 0)',
    "shipments_30d": "count(*) FILTER (\"at\" > $d30 AND status <> 'cancelled')",
    "shipments_90d": "count(*) FILTER (\"at\" > $d90 AND status <> 'cancelled')",
    "shipments_365d": "count(*) FILTER (\"at\" > $d365 AND status <> 'cancelled')",
    "late_90d": 'count(*) FILTER ("at" > $d90 AND delivered > promised_at)',
    "services_365d": 'count(DISTINCT service) FILTER ("at" > $d365)',
}


def main() -> None:
    """Measure everything and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", default="100000x2000000")
    parser.add_argument("--carrier", type=Path)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(STEPS[given.step](given.carrier)))
        return
    with tempfile.TemporaryDirectory(prefix="kehu-bench-") as folder:
        workspace = Path(folder) / "carrier"
        prepare(workspace, given.size, given.carrier)
        print(f"{'step':<34} {'wall s':>8} {'CPU s':>8} {'peak GiB':>9}  rows/s of CPU")
        for name in STEPS:
            measure(name, workspace)


def prepare(workspace: Path, size: str, carrier: Path | None) -> None:
    """A loaded workspace in that folder."""
    if carrier is not None:
        shutil.copytree(carrier, workspace, ignore=shutil.ignore_patterns("data", "*.mirror"))
        return
    shutil.copytree(ROOT / "examples" / "carrier", workspace)
    customers, shipments = size.split("x")
    numbers = ["--customers", customers, "--shipments", shipments, "--seed", "1"]
    for step in (["generate", *numbers, "-o", str(workspace / "data")], ["load", "-w", str(workspace), "--json"]):
        subprocess.run([sys.executable, "-m", "kehu.cli", *step], stdout=subprocess.DEVNULL, check=False)


def measure(name: str, workspace: Path) -> None:
    """Run one step in a process of its own and print its line."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, "--carrier", str(workspace), "--step", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, name
    told = json.loads(output)
    wall, cpu = told["wall"], told["cpu"]
    rows = f"{told['rows'] / cpu:,.0f}" if told.get("rows") else ""
    peak = usage.ru_maxrss / 1024**2
    print(f"{name:<34} {wall:>8.2f} {cpu:>8.2f} {peak:>9.2f}  {rows}", flush=True)
    assert time.perf_counter() - begun >= wall


def timed(act: Callable[[], object], rows: int = 0, rounds: int = 1) -> dict[str, float]:
    """Median seconds of the rounds; CPU seconds include processes that the act started and waited for."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), cpu_seconds()
        act()
        walls.append(time.perf_counter() - wall)
        cpus.append(cpu_seconds() - cpu)
    return {"wall": median(walls), "cpu": median(cpus), "rows": rows}


def cpu_seconds() -> float:
    """Of this process and the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Opened:
    """A workspace's database, features and mirror."""

    def __init__(self, root: Path) -> None:
        workspace = open_workspace(root, {})
        self.engine = open_database(workspace.settings.database_url)
        upgrade(self.engine)
        self.catalogue: Catalogue = read_rule_directory(workspace)[0]
        self.folder = mirror_folder(self.engine, root) or root

    def mirror(self) -> Mirror:
        """The mirror up to date."""
        return up_to_date(self.engine, self.folder)

    def customers(self) -> pl.DataFrame:
        """Every customer with its attributes."""
        with self.engine.connect() as connection:
            return read_customers(connection, {"kind", "industry", "region"})


def build(root: Path) -> dict[str, float]:
    """The first mirror."""
    opened = Opened(root)
    shutil.rmtree(opened.folder, ignore_errors=True)
    with opened.engine.connect() as connection:
        tables = STREAM_TABLES.values()
        rows = sum(connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables)
    return timed(opened.mirror, rows)


def catch_up(root: Path) -> dict[str, float]:
    """Copies of old shipments as new ones, then the mirror."""
    opened = Opened(root)
    events = STREAM_TABLES["shipments"]
    with writing(opened.engine) as connection:
        last = connection.execute(select(func.max(events.c.id))).scalar_one()
        rows = read_frame(connection, select(events).order_by(events.c.id.desc()).limit(NEW))
        rows = rows.with_columns(pl.int_range(last + 1, last + 1 + len(rows)).alias("id"))
        insert_frame(connection, events, rows)
        log_changes(connection, events, rows["id"])
    return timed(opened.mirror, NEW)


def features_from(root: Path, *, mirror: bool) -> dict[str, float]:
    """Every shipped feature, reading included."""
    opened = Opened(root)
    present = Present(opened.engine, opened.folder if mirror else None, lambda _what, _rows: None)
    return timed(lambda: present.features(opened.catalogue, AS_OF), rounds=ROUNDS)


def ten_features(root: Path) -> dict[str, float]:
    """The features that DuckDB is asked for too, of the events alone."""
    opened = Opened(root)
    mirror, asked, everyone = opened.mirror(), only(opened.catalogue, set(PEERS)), opened.customers()
    return timed(lambda: compute(asked, everyone, scans(mirror, asked), AS_OF, by_customer=True), rounds=ROUNDS)


def duckdb_sql(root: Path) -> dict[str, float]:
    """The same features in SQL over the same rows in the same order, in the better of two layouts."""
    opened = Opened(root)
    mirror, asked = opened.mirror(), only(opened.catalogue, set(PEERS))
    columns = ["payer_id", "at", "revenue", "cost", "delivered_at", "promised_at", "service", "status"]
    rows = mirror.scan("shipments", columns, in_order=True).collect()
    file = root / "shipments.parquet"
    rows.write_parquet(file, row_group_size=131_072)
    arrow = rows.to_arrow()
    now = f"TIMESTAMPTZ '{AS_OF.isoformat()}'"
    days = {f"d{each}": f"({now} - INTERVAL {each} DAY)" for each in (30, 90, 365, 730)}
    expressions = ", ".join(f"{text} AS {name}" for name, text in PEERS.items())
    for name, text in days.items():
        expressions = expressions.replace(f"${name}", text)
    best: dict[str, float] = {}
    found = pl.DataFrame()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
        connection.register("arrow", arrow)
        for source in (f"'{file}'", "arrow"):
            known = (
                f"SELECT *, CASE WHEN delivered_at <= {now} THEN delivered_at END AS delivered "
                f'FROM {source} WHERE payer_id IS NOT NULL AND "at" <= {now}'
            )
            query = f"SELECT payer_id AS customer, {expressions} FROM ({known}) GROUP BY payer_id"
            took = timed(lambda query=query: connection.sql(query).to_arrow_table(), rounds=ROUNDS)
            best = min(best or took, took, key=lambda each: each["cpu"])
            found = pl.DataFrame(connection.sql(query).to_arrow_table())
    everyone = found.select(pl.col("customer").cast(pl.Int64)).sort("customer")
    ours = compute(asked, everyone, scans(mirror, asked), AS_OF, by_customer=True).select("customer", *PEERS)
    theirs = found.select("customer", *PEERS).cast(dict(ours.schema)).sort("customer")
    assert ours.equals(theirs), [name for name in PEERS if not ours[name].equals(theirs[name])]
    return best


def floor(root: Path) -> dict[str, float]:
    """Reading a customer, an instant and an amount of each shipment, and one sum per customer."""
    mirror = Opened(root).mirror()
    columns = ["payer_id", "at", "revenue"]

    def act() -> pl.DataFrame:
        rows = mirror.scan("shipments", columns, in_order=True)
        return rows.group_by("payer_id").agg(pl.col("revenue").sum(), pl.col("at").max()).collect(engine="streaming")

    return timed(act, rounds=ROUNDS)


STEPS: dict[str, Callable[[Path], dict[str, float]]] = {
    "build the mirror": build,
    "every feature, from the mirror": lambda root: features_from(root, mirror=True),
    "every feature, from the store": lambda root: features_from(root, mirror=False),
    "one grouped sum, the floor": floor,
    "ten features, from the mirror": ten_features,
    "ten features, DuckDB's SQL": duckdb_sql,
    "catch up with 100,000 shipments": catch_up,
    "every feature, after catching up": lambda root: features_from(root, mirror=True),
}


if __name__ == "__main__":
    main()
