"""A mirror of made-up shipments, sorted as the product sorts them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from kehu.mirror.files import write_frame
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.manifest import Manifest, StreamFiles, write_manifest
from kehu.mirror.sorting import coded
from kehu.store.event_changes import Head

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
FILE_ROWS = 1_000_000
DAYS = 1_095
_DAY_MICROS = 86_400_000_000
_SERVICES = ("express", "economy", "same_day", "cold_chain", "heavy", "international")
_ITEMS = ("documents", "clothing", "electronics", "food", "parts", "furniture")
_TOWNS = tuple(f"town {number:03}" for number in range(300))
_STATUSES = ("delivered", "in_transit", "returned", "cancelled")


def make_mirror(folder: Path, customers: int, shipments: int, seed: int = 7) -> Manifest:
    """A few customers pay for most of the shipments, as with every carrier; one in a hundred days lies ahead."""
    sizes = _sizes(customers, shipments, np.random.default_rng(seed))
    files = []
    for number, (first, last) in enumerate(_ranges(sizes)):
        rows = _rows(sizes, first, last, np.random.default_rng([seed, number]))
        files.append(write_frame(folder, "shipments", coded(rows)))
    manifest = Manifest(
        Head(1, 1), {name: StreamFiles() for name in LAYOUTS} | {"shipments": StreamFiles(tuple(files))}
    )
    write_manifest(folder, manifest)
    return manifest


def _sizes(customers: int, shipments: int, random: np.random.Generator) -> np.ndarray:
    weights = random.lognormal(0.0, 1.6, customers)
    sizes = np.floor(weights * (shipments / weights.sum())).astype(np.int64)
    np.add.at(sizes, random.integers(0, customers, max(shipments - int(sizes.sum()), 0)), 1)
    return sizes


def _ranges(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        before = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, before + FILE_ROWS, side="right")), first + 1)
        yield first, last
        first = last


def _rows(sizes: np.ndarray, first: int, last: int, random: np.random.Generator) -> pl.DataFrame:
    """Shipments of the customers first + 1 .. last, in the mirror's order; customers' ids begin at 1."""
    own, total = sizes[first:last], len(sizes)
    payer = np.repeat(np.arange(first + 1, last + 1), own)
    rows = len(payer)
    micros = np.int64(AS_OF.timestamp() * 1e6) + (random.random(rows) * 1.01 - 1.0) * DAYS * _DAY_MICROS
    accepted = micros.astype(np.int64)[np.lexsort((micros, payer))]
    promised = accepted + random.integers(1, 5, rows) * _DAY_MICROS
    delivered = accepted + (random.gamma(3.0, 0.9, rows) * _DAY_MICROS).astype(np.int64)
    revenue = (random.lognormal(7.5, 0.8, rows)).astype(np.int64) + 300
    instant = pl.Datetime("us", "UTC")
    table = pl.DataFrame(
        {
            "id": random.permutation(rows) + int(sizes[:first].sum()) + 1,
            "payer_id": payer,
            "shipper_id": np.where(random.random(rows) < 0.8, payer, random.integers(1, total + 1, rows)),
            "consignee_id": random.integers(1, total + 1, rows),
            "at": pl.Series(accepted).cast(instant),
            "service": _words(random.zipf(1.7, rows) - 1, _SERVICES),
            "origin": _words(payer + random.integers(0, 3, rows) ** 2, _TOWNS),
            "destination": _words(random.integers(0, len(_TOWNS), rows), _TOWNS),
            "accepted_at": pl.Series(accepted).cast(instant),
            "promised_at": pl.Series(promised).cast(instant),
            "delivered_at": pl.Series(delivered).cast(instant),
            "status": _words(np.searchsorted([0.93, 0.95, 0.97], random.random(rows)), _STATUSES),
            "pieces": random.integers(1, 6, rows),
            "weight_g": random.integers(100, 30_000, rows),
            "item_category": _words(random.integers(0, len(_ITEMS), rows), _ITEMS),
            "revenue": revenue,
            "cost": (revenue * random.uniform(0.5, 1.1, rows)).astype(np.int64),
        }
    )
    unknown = {"delivered_at": 0.04, "promised_at": 0.01, "cost": 0.2, "service": 0.01, "origin": 0.01, "revenue": 0.02}
    holes = (pl.when(pl.Series(random.random(rows) >= share)).then(name) for name, share in unknown.items())
    return table.with_columns(holes).select(LAYOUTS["shipments"].types.names()).cast(dict(LAYOUTS["shipments"].types))


def _words(numbers: np.ndarray, words: tuple[str, ...]) -> pl.Series:
    return pl.Series(words).gather(pl.Series(numbers % len(words)))


def days_before(days: int) -> datetime:
    """The instant that many days before the as-of instant."""
    return AS_OF - timedelta(days=days)
