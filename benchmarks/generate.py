"""Time and peak memory of generating a carrier: python benchmarks/generate.py [CUSTOMERSxSHIPMENTS ...]."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kehu.generate.carrier import generate

SIZES = ("20000x400000", "100000x2000000")


def measure(size: str) -> None:
    """Generate one carrier in this process and print a line; the folder is removed again."""
    customers, shipments = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        carrier = generate(Path(folder), customers=customers, shipments=shipments, seed=7)
        seconds = time.perf_counter() - started
        stored = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    rows = carrier.rows("")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # kilobytes on Linux
    print(
        f"{customers:>10,} {shipments:>12,} {seconds:>8.1f} {rows / seconds:>10,.0f} {peak:>9.2f} {stored / 1e6:>9,.0f}"
    )


def main(sizes: list[str]) -> None:
    """Measure each size in a process of its own, so that peaks do not mix."""
    print(f"{'customers':>10} {'waybills':>12} {'seconds':>8} {'rows/s':>10} {'peak GiB':>9} {'MB':>9}", flush=True)
    for size in sizes:
        subprocess.run([sys.executable, __file__, "--one", size], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:] or list(SIZES))
