"""A night's run from events to published levels: fifty rules, forty-odd features, reasons stored.

    python benchmarks/whole_run.py CUSTOMERSxWAYBILLS [--database URL] [--days N] [--workspace DIR]

A store filled directly (see filled.py), or the one in DIR, which goes on growing. Every step is a process of its own:
wall seconds, CPU seconds of it and its children, peak memory. After the first run come days on which 1 % of the
customers have new events, in turn counted again only where something changed and counted in full; after each the other
way must find nothing to change.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
from filled import END, ROOT
from sqlalchemy import Engine, func, select

from kehu.mirror.building import up_to_date
from kehu.model.graph import INSTANT
from kehu.pipeline.facts import mirror_folder
from kehu.pipeline.transactions import writing
from kehu.store.bulk import insert_frame, read_frame
from kehu.store.database import open_database
from kehu.store.event_changes import log_changes
from kehu.tables.facts import customers, shipments
from kehu.workspace.workspace import open_workspace

SHARE = 0.01
DAY = timedelta(days=1)


def main() -> None:
    """Print a line for every step, then what a day costs beside a full run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size")
    parser.add_argument("--database", default="")
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        STEPS[given.step](given)
        return
    with tempfile.TemporaryDirectory(prefix="kehu-bench-") as folder:
        workspace = given.workspace or Path(folder) / "carrier"
        if not workspace.exists():
            more = ["--database", given.database] if given.database else []
            subprocess.run(
                [sys.executable, str(ROOT / "benchmarks" / "filled.py"), given.size, str(workspace), *more], check=True
            )
        with_fifty_rules(workspace)
        measure_days(workspace, given.days)


def with_fifty_rules(workspace: Path) -> None:
    """The shipped rules and those of benchmarks/national as the workspace's own; the size guard off."""
    shutil.rmtree(workspace / "rules", ignore_errors=True)
    shutil.copytree(ROOT / "rules", workspace / "rules")
    shutil.copy(ROOT / "benchmarks" / "national" / "marks.yaml", workspace / "rules")
    settings = workspace / "kehu.toml"
    text = settings.read_text(encoding="utf-8").replace('rules = "default"', 'rules = "own"')
    settings.write_text(text, encoding="utf-8")


def measure_days(workspace: Path, days: int) -> None:
    """Build, first run, days in turn."""
    print(f"{'step':<44} {'wall s':>8} {'CPU s':>8} {'peak GiB':>9}")
    shutil.rmtree(_mirror(workspace), ignore_errors=True)
    measured("build the mirror", _step("build", workspace, "0x0"))
    started = last_day(workspace)
    resegmented("run, everything counted", workspace, started, "--full")
    resegmented("run again, nothing new", workspace, started)
    cpu: dict[str, list[float]] = {"": [], "--full": []}
    for day in range(1, days + 1):
        way = "" if day % 2 else "--full"
        as_of = started + day * DAY
        subprocess.run(_step("events", workspace, f"{as_of.isoformat()}@{day}"), check=True)
        name = f"a day later, {SHARE:.0%} with new events" + (", all counted" if way else "")
        cpu[way].append(resegmented(name, workspace, as_of, *([way] if way else [])))
        other = run(workspace, as_of, "--dry-run", *([] if way else ["--full"]))
        assert not any(other[name] for name in ("entered", "left", "fired", "cleared")), other
    for name, took in (("a day", cpu[""]), ("a day, all counted", cpu["--full"])):
        print(f"{name}: CPU seconds min, median, max {min(took):.2f}, {median(took):.2f}, {max(took):.2f}")
    print(f"a day takes {median(cpu['']) / median(cpu['--full']):.2f} of the CPU of the same day with all counted")


def last_day(workspace: Path) -> datetime:
    """The instant to begin at: END, or the day after the last run's of a workspace that has grown."""
    listed = command(workspace, "runs", "list", "--json")
    runs = json.loads(subprocess.run(listed, capture_output=True, text=True, check=True).stdout)["runs"]
    if not runs:
        return END
    return pl.Series([max(each["as_of"] for each in runs)]).str.to_datetime(time_zone="UTC")[0] + DAY


def new_events(engine: Engine, as_of: datetime, seed: int) -> None:
    """Waybills of the day before `as_of`: two for each of 1 % of the customers, copies of old ones."""
    dice = np.random.default_rng(seed)
    with writing(engine) as connection:
        everyone = connection.execute(select(func.max(customers.c.id))).scalar_one()
        last = connection.execute(select(func.max(shipments.c.id))).scalar_one()
        payers = np.repeat(dice.choice(everyone, int(everyone * SHARE), replace=False) + 1, 2)
        rows = read_frame(connection, select(shipments).order_by(shipments.c.id).limit(len(payers)))
        at = pl.Series(dice.integers(0, 86_400, len(payers))).cast(pl.Int64) * 1_000_000
        instants = pl.lit(as_of, INSTANT) - at.cast(pl.Duration("us"))
        fresh = rows.with_columns(
            (pl.int_range(pl.len()) + last + 1).alias("id"),
            pl.Series("payer_id", payers).cast(pl.Int64),
            pl.Series("shipper_id", payers).cast(pl.Int64),
            instants.alias("accepted_at"),
            instants.alias("at"),
            (instants + timedelta(days=2)).alias("promised_at"),
            pl.lit(None, INSTANT).alias("delivered_at"),
            pl.lit("in_transit").alias("status"),
        )
        insert_frame(connection, shipments, fresh)
        log_changes(connection, shipments, fresh["id"])
    engine.dispose()


def resegmented(name: str, workspace: Path, as_of: datetime, *more: str) -> float:
    """Its CPU seconds; prints what it took, stage by stage, and what it says it counted."""
    words = ["resegment", "--as-of", as_of.isoformat(), "--guard", "off", "--json", *more]
    found, cpu = measured(name, command(workspace, *words))
    report = json.loads(found)
    stages = ", ".join(f"{each['stage']} {each['seconds']:.2f} s" for each in report["stages"])
    counted = report["recount"]
    moved = report["entered"] + report["left"] + report["fired"] + report["cleared"]
    print(f"    {stages}; {counted['customers']:,} counted, {moved:,} rows written or ended")
    return cpu


def run(workspace: Path, as_of: datetime, *more: str) -> dict[str, int]:
    """The report of a run that is not measured."""
    words = ["resegment", "--as-of", as_of.isoformat(), "--guard", "off", "--json", *more]
    done = subprocess.run(command(workspace, *words), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def command(workspace: Path, *words: str) -> list[str]:
    """A kehu command on the workspace."""
    return [sys.executable, "-m", "kehu.cli", *words, "-w", str(workspace)]


def measured(name: str, words: list[str]) -> tuple[str, float]:
    """What the process printed and its CPU seconds; prints its line."""
    begun = time.perf_counter()
    # Without bytecode, and Numba's that lies beside it, every step would compile everything anew.
    told = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=told)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    assert os.waitstatus_to_exitcode(status) == 0, (words, process.stderr.read() if process.stderr else "")
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{name:<44} {wall:>8.2f} {cpu:>8.2f} {usage.ru_maxrss / 1024**2:>9.2f}", flush=True)
    return output, cpu


def _step(name: str, workspace: Path, size: str) -> list[str]:
    return [sys.executable, __file__, size, "--workspace", str(workspace), "--step", name]


def _build(given: argparse.Namespace) -> None:
    up_to_date(_engine(given.workspace), _mirror(given.workspace))


def _events(given: argparse.Namespace) -> None:
    as_of, _, seed = given.size.partition("@")
    new_events(_engine(given.workspace), datetime.fromisoformat(as_of), int(seed))


# A parent that stays small: a child's peak memory begins with what its parent had.
STEPS = {"build": _build, "events": _events}


def _engine(workspace: Path) -> Engine:
    return open_database(open_workspace(workspace, {}).settings.database_url)


def _mirror(workspace: Path) -> Path:
    return mirror_folder(_engine(workspace), workspace) or workspace


if __name__ == "__main__":
    main()
