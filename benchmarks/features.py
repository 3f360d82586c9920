"""Thirty features of every customer's shipments: ours beside DuckDB, DataFusion and chDB, and beside the floor.

    python benchmarks/features.py [CUSTOMERSxSHIPMENTS [ROUNDS]] [--folder DIR]

The shipments are made up and laid down sorted, as the mirror has them and in each peer's best layout; FOLDER keeps them
for the next time. Each engine answers in a process of its own, which it keeps; rounds alternate between them, so that
what else goes on meets all alike. The first round is not counted. All must give the same answers. Printed are minimum,
median and maximum of CPU and wall seconds, ratios of CPU to DuckDB's best, and the peak memory of the process.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import polars as pl
from thirty.engines import ENGINES, make_layouts
from thirty.made import AS_OF, make_mirror

_DAY_MICROS = 86_400_000_000
# DataFusion rounds the place between two values to a millionth.
_CLOSE = 1e-5


def main() -> None:
    """Make the layouts, run the rounds, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", default="1000000x20000000")
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    given = parser.parse_args()
    customers, shipments = (int(number) for number in given.size.split("x"))
    if given.engine:
        answer_rounds(given.engine, given.folder, customers)
        return
    with tempfile.TemporaryDirectory(prefix="kehu-bench-") as temporary:
        folder = (given.folder or Path(temporary)) / given.size
        if not (folder / "done").exists():
            folder.mkdir(parents=True)
            make_mirror(folder, customers, shipments)
            make_layouts(folder)
            (folder / "done").touch()
        told = measured(folder, given.size, given.rounds)
        compare(folder)
    print_table(f"thirty features, {customers:,} customers, {shipments:,} shipments, {given.rounds} rounds", told)


def measured(folder: Path, size: str, rounds: int) -> dict[str, list[dict[str, float]]]:
    """What each round of each engine took, the first left out."""
    command = [sys.executable, __file__, size, "--folder", str(folder), "--engine"]
    pipe = subprocess.PIPE
    engines = {name: subprocess.Popen([*command, name], stdin=pipe, stdout=pipe, text=True) for name in ENGINES}
    told: dict[str, list[dict[str, float]]] = {name: [] for name in ENGINES}
    for _ in range(rounds + 1):
        for name, process in engines.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            told[name].append(json.loads(process.stdout.readline()))
    for process in engines.values():
        process.communicate()
    return {name: each[1:] for name, each in told.items()}


def answer_rounds(name: str, folder: Path, customers: int) -> None:
    """Answer once for every line that comes; the first answer is written down."""
    answer = ENGINES[name](folder, customers)
    file = folder / f"{name}.arrow"
    file.unlink(missing_ok=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        found = answer()
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        if not file.exists():
            found.write_ipc(file)
        del found
        print(json.dumps({**took, "peak": peak_gib()}), flush=True)


def peak_gib() -> float:
    """Of this process alone; getrusage would count what the one that started it held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024**2


def compare(folder: Path) -> None:
    """Every engine says the same of each customer with a shipment."""
    ours = pl.read_ipc(folder / "Kehu.arrow")
    now = pl.lit(AS_OF, pl.Datetime("us", "UTC"))
    for name in ENGINES:
        if name in {"Kehu", "the floor"}:
            continue
        found = pl.read_ipc(folder / f"{name}.arrow").with_columns(pl.col("customer").cast(pl.Int64)).sort("customer")
        for last, days in (("last_at", "days_since_last_shipment"), ("first_at", "days_since_first_shipment")):
            found = found.with_columns(((now - pl.col(last)).dt.total_microseconds() // _DAY_MICROS).alias(days))
        own = ours.join(found.select("customer"), on="customer", how="semi").sort("customer")
        assert len(own) == len(found), name
        wrong = [column for column in own.columns if not _same(own[column], found[column])]
        assert not wrong, f"{name} differs in {wrong}"


def _same(ours: pl.Series, theirs: pl.Series) -> bool:
    if ours.dtype != pl.Float64():
        return ours.equals(theirs.cast(ours.dtype), check_names=False)
    other = theirs.cast(pl.Float64()).fill_nan(None)
    apart = (ours - other).abs() > _CLOSE * (1 + other.abs())
    return (ours.is_null() == other.is_null()).all() and not apart.any()


def print_table(title: str, told: dict[str, list[dict[str, float]]]) -> None:
    """A line for each engine."""
    cpu = {name: median(each["cpu"] for each in rounds) for name, rounds in told.items()}
    best = min((name for name in told if name.startswith("DuckDB")), key=lambda name: cpu[name])
    print(title)
    print(f"{'engine':<30} {'CPU s':^20} {'wall s':^20} {'of DuckDB':^17} {'peak GiB':>9}")
    for name, rounds in told.items():
        ratios = [mine["cpu"] / its["cpu"] for mine, its in zip(rounds, told[best], strict=True)]
        numbers = [_spread([each[key] for each in rounds]) for key in ("cpu", "wall")]
        peak = max(each["peak"] for each in rounds)
        print(f"{name:<30} {' '.join(numbers)} {_spread(ratios)} {peak:>9.2f}", flush=True)
    multiples = [mine["cpu"] / its["cpu"] for mine, its in zip(told["Kehu"], told["the floor"], strict=True)]
    print(f"Kehu takes {_spread(multiples)} times the floor's CPU, DuckDB's best is '{best}'")


def _spread(values: list[float]) -> str:
    return " ".join(f"{value:>6.2f}" for value in (min(values), median(values), max(values)))


if __name__ == "__main__":
    main()
