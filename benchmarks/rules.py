"""Fifty rules over a million customers: ours beside peers, then what changes, then what a run with reasons takes.

    python benchmarks/rules.py [CUSTOMERS [ROUNDS]]

The fifty are rule files in benchmarks/fifty/rules. Engines that go row by row run on 20,000 rows, their time scaled up.
Every peer must give the same answers on the rows it ran. Each part prints minimum, median and maximum over the rounds.
"""

import gc
import sys

from fifty.book import fifty_rules
from fifty.conditions import column_ways, row_ways
from fifty.features import made_up
from fifty.measuring import assert_same, measured, table


def main() -> None:
    """Print the tables, one after the other."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    book, features = fifty_rules(), made_up(customers)
    said = f"{customers:,} customers, {rounds} rounds in alternation"
    columns, rows = column_ways(book, features), row_ways(book, features)
    assert_same([*columns, *rows])
    gc.freeze()  # the rows made for other engines are no garbage for ours to walk through
    times = measured([*columns, *rows], rounds)
    gc.unfreeze()
    table(f"fifty conditions as boolean columns: {said}", times)


if __name__ == "__main__":
    main()
