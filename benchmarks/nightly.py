"""How long a night takes: generate, load, load again, segment, segment again, at growing sizes.

    python benchmarks/nightly.py [CUSTOMERSxWAYBILLS ...]

Each step runs in a process of its own on a generated carrier and SQLite; seconds, rows a second over what the step
reads, and peak memory. Everything is written to a temporary folder and removed.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZES = ("20000x400000",)


def main() -> None:
    """Measure the sizes given, or SIZES."""
    print(f"{'customers x waybills':>22} {'step':<12} {'seconds':>9} {'rows/s':>10} {'peak GiB':>9}")
    for size in sys.argv[1:] or SIZES:
        customers, shipments = (int(part) for part in size.split("x"))
        with tempfile.TemporaryDirectory(prefix="kehu-bench-") as folder:
            measure(Path(folder), customers, shipments)


def measure(folder: Path, customers: int, shipments: int) -> None:
    """All steps for one size."""
    workspace = folder / "carrier"
    shutil.copytree(ROOT / "examples" / "carrier", workspace)
    name = f"{customers:,} x {shipments:,}"
    numbers = ("--customers", str(customers), "--shipments", str(shipments), "--seed", "1")
    step(name, "generate", shipments, "generate", *numbers, "-o", str(workspace / "data"))
    loaded = step(name, "load", 0, "load", "-w", str(workspace), "--json")
    rows = sum(file["read"] for file in json.loads(loaded)["files"])
    step(name, "load again", rows, "load", "-w", str(workspace), "--json")
    step(name, "segment", shipments, "resegment", "-w", str(workspace), "--json")
    step(name, "segment again", shipments, "resegment", "-w", str(workspace), "--json")


def step(name: str, what: str, rows: int, *arguments: str) -> str:
    """Run one command, print its line, and return its standard output."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "kehu.cli", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in {0, 3}:
        raise SystemExit(f"'kehu {' '.join(arguments)}' failed")
    if what == "load":
        rows = sum(file["read"] for file in json.loads(output)["files"])
    print(f"{name:>22} {what:<12} {seconds:>9.1f} {rows / seconds:>10,.0f} {peak(usage):>9.2f}", flush=True)
    return output


def peak(usage: resource.struct_rusage) -> float:
    """Peak resident memory in GiB; Linux counts it in KiB."""
    return usage.ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
