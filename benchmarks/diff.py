"""How long `kehu rules diff` takes over a million customers once their features are there.

    python benchmarks/diff.py [CUSTOMERS]

On one side the shipped rule sets service_tier, size_class and order_amount on made-up features, on the other one of
them, or all, with a threshold moved. Evaluating both sides, the migration matrices, moved
revenue, and the samples with their reasons are timed together; reading the database and computing features are not.
"""

import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from kehu.model.feature_types import FeatureType
from kehu.rules.book import RuleBook
from kehu.rules.differences import BookDifference, answer, compare_books
from kehu.rules.parts import part_of
from kehu.rules.reading import read_rules
from kehu.rules.samples import sample_reasons

ROOT = Path(__file__).resolve().parents[1]
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 5
WHOLE, MONEY = FeatureType("integer"), FeatureType("decimal", scale=2)
SCHEMA = {"revenue_365d": MONEY, "shipments_365d": WHOLE, "shipments_90d": WHOLE, "complaints_90d": WHOLE}
# The old threshold and the new, as condition and as the value just below it in the examples.
MOVED = {
    "service_tier": (("500000", "400000"), ("499999.99", "399999.99")),
    "size_class": (("1000000", "900000"), ("999999.99", "899999.99")),
    "order_amount": (("300000", "250000"), ("299999.99", "249999.99")),
}


def main() -> None:
    """Print seconds and what moved, for one changed rule set and for all."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    features = made_up(customers)
    before, after = read_book(moved=False), read_book(moved=True)
    print(f"{customers:,} customers, {ROUNDS} rounds")
    print(f"{'rule sets changed':<18} {'min s':>7} {'median s':>9} {'max s':>7} {'customers moved':>16}")
    for codes in (list(MOVED)[:1], list(MOVED)):
        seconds = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            found = difference(part_of(before, codes), part_of(after, codes), features)
            seconds.append(time.perf_counter() - begun)
        middle = statistics.median(seconds)
        print(f"{len(codes):<18} {min(seconds):>7.2f} {middle:>9.2f} {max(seconds):>7.2f} {found.moved:>16,}")


def read_book(*, moved: bool) -> RuleBook:
    """The shipped rule sets, as they are or with their thresholds moved."""
    texts = {name: (ROOT / "rules" / f"{name}.yaml").read_text(encoding="utf-8") for name in MOVED}
    for name, pairs in MOVED.items() if moved else ():
        for old, new in pairs:
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new)
    book, problems = read_rules({f"{name}.yaml": text for name, text in texts.items()}, SCHEMA)
    assert problems == []
    return book


def made_up(customers: int) -> pl.DataFrame:
    """Features with heavy tails, so that every level has members."""
    dice = np.random.default_rng(1)
    shipments = dice.geometric(0.05, customers)
    columns = {
        "customer": np.arange(customers),
        "revenue_365d": (dice.pareto(0.7, customers) * 50_000).clip(max=10**10).astype(np.int64),
        "shipments_365d": shipments,
        "shipments_90d": (shipments * dice.random(customers)).astype(np.int64),
        "complaints_90d": dice.poisson(0.3, customers),
    }
    return pl.DataFrame(columns).cast(pl.Int64)


def difference(before: RuleBook, after: RuleBook, features: pl.DataFrame) -> BookDifference:
    """What the command does between features and tables."""
    old, new = answer(before, features, AS_OF), answer(after, features, AS_OF)
    found = compare_books(old, new, features.select("customer", weight="revenue_365d"))
    sample_reasons(found, old, new)
    return found


if __name__ == "__main__":
    main()
