"""Fifty rules over a million customers: ours beside peers, then what a change would do, then a run with its reasons.

    python benchmarks/rules.py [CUSTOMERS [ROUNDS [PART ...]]]

PART is columns, moving or storing; all when left out. The fifty are rule files in benchmarks/fifty/rules. Engines that
go row by row run on 20,000 rows, their time scaled up; every peer must give the same answers on the rows it ran.
Each figure is the minimum, the median and the maximum of the rounds. Needs duckdb and zen-engine.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from fifty.book import fifty_rules
from fifty.conditions import column_ways, narwhals_ways, row_ways
from fifty.features import made_up
from fifty.measuring import assert_same, measured, spread, table
from fifty.moving import moving_ways
from fifty.storing import Stored, postgres, stored_rounds, temporary

from kehu.rules.book import RuleBook


def main() -> None:
    """Print the tables, one after the other."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    book, features = fifty_rules(), made_up(customers)
    said = f"{customers:,} customers, {rounds} rounds in alternation"
    for part in sys.argv[3:] or PRINTED:
        PRINTED[part](book, features, rounds, said)


def print_columns(book: RuleBook, features: pl.DataFrame, rounds: int, said: str) -> None:
    """The conditions by every engine."""
    ways = [*column_ways(book, features), *row_ways(book, features)]
    assert_same(ways)
    gc.freeze()  # the rows made for other engines are no garbage for ours to walk through
    times = measured(ways, rounds)
    gc.unfreeze()
    table(f"fifty conditions as boolean columns: {said}", times)
    again = narwhals_ways(book, features)
    assert_same(again)
    table(f"the same columns through Narwhals: {said}", measured(again, rounds))


def print_moving(book: RuleBook, features: pl.DataFrame, rounds: int, said: str) -> None:
    """Previews and diffs, once the features are there."""
    table(f"what a change of rules would do: {said}", measured(moving_ways(book, features), rounds))


def print_storing(book: RuleBook, features: pl.DataFrame, rounds: int, said: str) -> None:
    """Evaluating and publishing with every reason, into SQLite and PostgreSQL."""
    with temporary() as folder:
        _print_stored(f"runs into SQLite: {said}", stored_rounds(book, features, rounds, "", Path(folder)))
    with temporary() as folder, postgres(Path(folder)) as url:
        _print_stored(f"runs into PostgreSQL: {said}", stored_rounds(book, features, rounds, url, Path(folder)))


def _print_stored(title: str, found: Mapping[str, Sequence[Stored]]) -> None:
    print(f"\n{title}")
    print(f"{'run':<32} {'rows written':>12} {'seconds':^24} {'of processor':^24} {'of the server':^24} {'peak GB':>8}")
    for name, runs in found.items():
        seconds = [spread([getattr(each, part) for each in runs]) for part in ("clock", "processor", "server")]
        peak = max(each.peak for each in runs) / 1e9
        print(f"{name:<32} {runs[0].written:>12,} {' '.join(seconds)} {peak:>8.2f}", flush=True)


PRINTED = {"columns": print_columns, "moving": print_moving, "storing": print_storing}

if __name__ == "__main__":
    main()
