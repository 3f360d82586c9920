"""Rules over a million customers: compiled columns beside the interpreter and beside Polars written by hand.

    python benchmarks/rules.py [CUSTOMERS]

Three rule sets of the shipped directory (service_tier, size_class, order_amount) on made-up features. The interpreter
runs on a part of the rows and its time is scaled up; all three give the same levels, which is asserted.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from kehu.model.feature_types import FeatureType
from kehu.rules.book import RuleBook, read_rules
from kehu.rules.evaluate import compile_book, evaluate
from kehu.rules.interpreter import engine_row

ROOT = Path(__file__).resolve().parents[1]
RULE_SETS = ("service_tier", "size_class", "order_amount")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS, INTERPRETED_ROWS = 5, 20_000
WHOLE, MONEY = FeatureType("integer"), FeatureType("decimal", scale=2)
SCHEMA = {"revenue_365d": MONEY, "shipments_365d": WHOLE, "shipments_90d": WHOLE, "complaints_90d": WHOLE}


def main() -> None:
    """Print minimum, median and maximum of each way, and the ratios of the medians."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    features = made_up(customers)
    book = read_book()
    ways: dict[str, tuple[Callable[[], pl.DataFrame], float]] = {
        "compiled (evaluate)": (lambda: levels(evaluate(book, features, AS_OF).memberships), 1.0),
        "Polars by hand": (lambda: levels(by_hand(features)), 1.0),
        "interpreter": (
            lambda: levels(interpreted(book, features.head(INTERPRETED_ROWS))),
            customers / INTERPRETED_ROWS,
        ),
    }
    answers = {name: way().filter(pl.col("customer") < INTERPRETED_ROWS) for name, (way, _) in ways.items()}
    assert all(answer.equals(answers["Polars by hand"]) for answer in answers.values())
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (way, factor) in ways.items():
            seconds[name].append(timed(way) * factor)
    base = statistics.median(seconds["compiled (evaluate)"])
    print(f"{customers:,} customers, {len(RULE_SETS)} rule sets, {ROUNDS} rounds in alternation")
    print(f"{'way':<22} {'min s':>9} {'median s':>9} {'max s':>9} {'ratio':>9}")
    for name, found in seconds.items():
        middle = statistics.median(found)
        print(f"{name:<22} {min(found):>9.2f} {middle:>9.2f} {max(found):>9.2f} {middle / base:>9.1f}")


def read_book() -> RuleBook:
    """The three shipped rule sets."""
    texts = {f"{name}.yaml": (ROOT / "rules" / f"{name}.yaml").read_text(encoding="utf-8") for name in RULE_SETS}
    book, problems = read_rules(texts, SCHEMA)
    assert problems == []
    return book


def made_up(customers: int) -> pl.DataFrame:
    """Features with heavy tails, so that every level has members."""
    dice = np.random.default_rng(1)
    shipments = dice.geometric(0.05, customers)
    return pl.DataFrame(
        {
            "customer": np.arange(customers),
            "revenue_365d": (dice.pareto(0.7, customers) * 50_000).clip(max=10**10).astype(np.int64),
            "shipments_365d": shipments,
            "shipments_90d": (shipments * dice.random(customers)).astype(np.int64),
            "complaints_90d": dice.poisson(0.3, customers),
        }
    ).cast(pl.Int64)


def by_hand(features: pl.DataFrame) -> pl.DataFrame:
    """The same levels as a person would write them, in one select."""
    money, year, quarter = pl.col("revenue_365d"), pl.col("shipments_365d"), pl.col("shipments_90d")
    vip = (money >= 500_000_00) | ((quarter >= 600) & (pl.col("complaints_90d") < 3))
    wide = features.select(
        "customer",
        service_tier=first_of({"vip": vip, "professional": money >= 60_000_00}, "ordinary"),
        size_class=first_of(
            {
                "large": (year > 0) & (money >= 1_000_000_00),
                "medium": (year > 0) & (money >= 100_000_00),
                "small": year > 0,
            },
            None,
        ),
        order_amount=first_of(
            {
                "platinum": money >= 1_000_000_00,
                "gold": money >= 300_000_00,
                "silver": money >= 60_000_00,
                "bronze": money >= 10_000_00,
                "basic": money > 0,
            },
            None,
        ),
    )
    return wide.unpivot(index="customer", variable_name="ruleset", value_name="level").drop_nulls("level")


def first_of(tests: Mapping[str, pl.Expr], otherwise: str | None) -> pl.Expr:
    """The name of the first test that holds."""
    (first, test), *rest = tests.items()
    chain = pl.when(test).then(pl.lit(first))
    for name, later in rest:
        chain = chain.when(later).then(pl.lit(name))
    return chain.otherwise(pl.lit(otherwise))


def interpreted(book: RuleBook, features: pl.DataFrame) -> pl.DataFrame:
    """The same levels by rule-engine, row by row."""
    compiled = compile_book(book, AS_OF)
    found: list[tuple[int, str, str]] = []
    for row in features.iter_rows(named=True):
        thing = engine_row(row, SCHEMA)
        for ruleset in book.rulesets:
            for level in ruleset.levels:
                if level.otherwise or compiled[ruleset.code, level.code].root.evaluate(thing):
                    found.append((row["customer"], ruleset.code, level.code))
                    break
    return pl.DataFrame(found, schema=["customer", "ruleset", "level"], orient="row")


def levels(memberships: pl.DataFrame) -> pl.DataFrame:
    """One form for every way's answer, so that answers can be compared."""
    return memberships.select(pl.col("customer").cast(pl.Int64), pl.col("ruleset", "level").cast(pl.String)).sort(
        "customer", "ruleset"
    )


def timed(way: Callable[[], pl.DataFrame]) -> float:
    """Seconds of one call."""
    begun = time.perf_counter()
    way()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
