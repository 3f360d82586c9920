"""What a few more records cost beside all of them: batches and single records resolved in a database.

    python benchmarks/identity_changes.py [--records N] [--more M] [--singles K]

CPU seconds of this process; every step ends with a commit.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from statistics import median

import polars as pl
from identity_generated import ROOT, generated
from sqlalchemy import Connection, Engine, insert

from kehu.identity.rule_file import read_identity_rules
from kehu.identity.rules import IdentityRules
from kehu.pipeline.transactions import writing
from kehu.store.bulk import insert_frame
from kehu.store.customers import resolve_changes, resolve_customers
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import batches, customer_records, source_records


def main() -> None:
    """Fill a database, resolve everything, then more and more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--more", type=int, default=10_000)
    parser.add_argument("--singles", type=int, default=101)
    given = parser.parse_args()
    frame, _ = generated(given.records + given.more + given.singles, seed=1)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1).with_columns(id=pl.int_range(1, pl.len() + 1))
    rules, _ = read_identity_rules((ROOT / "rules/identity.yaml").read_text(encoding="utf-8"), "identity.yaml", "CN")
    with tempfile.TemporaryDirectory(prefix="kehu-bench-") as folder:
        engine = open_database(f"sqlite:///{folder}/kehu.sqlite3")
        upgrade(engine)
        with writing(engine) as connection:
            now = datetime(2026, 1, 1, tzinfo=UTC)
            counts = dict.fromkeys(("read", "loaded", "unchanged", "quarantined"), 0)
            connection.execute(insert(batches).values(id=1, source="s", file="f", started_at=now, **counts))
            write_records(connection, shuffled.head(given.records))
        begun = time.process_time()
        with writing(engine) as connection:
            whole = resolve_customers(connection, "CN", rules)
        full = time.process_time() - begun
        print(f"{whole.records:,} records, {whole.customers:,} customers: CPU s {full:.1f}", flush=True)
        more = shuffled.slice(given.records, given.more)
        spent = _changed(engine, more, rules)
        print(f"{len(more):,} more: CPU s {spent:.2f}, {spent / full:.1%} of all", flush=True)
        rest = shuffled.tail(given.singles)
        singles = [_changed(engine, one, rules) for one in rest.iter_slices(1)]
        print(f"one more, median of {len(singles)}: CPU ms {median(singles) * 1000:.1f}", flush=True)
        begun = time.process_time()
        with writing(engine) as connection:
            again = resolve_customers(connection, "CN", rules)
        print(f"everything again: CPU s {time.process_time() - begun:.1f}; new {again.new}, gone {again.gone}")


def _changed(engine: Engine, rows: pl.DataFrame, rules: IdentityRules) -> float:
    with writing(engine) as connection:
        write_records(connection, rows)
    begun = time.process_time()
    with writing(engine) as connection:
        resolve_changes(connection, "CN", rules, rows["id"])
    return time.process_time() - begun


def write_records(connection: Connection, rows: pl.DataFrame) -> None:
    """Rows of customer lists as loading writes them."""
    source = rows.select(
        "id", "system", pl.lit("customer").alias("entity"), "key", hash=pl.lit(0), batch_id=pl.lit(1), line="id"
    )
    insert_frame(connection, source_records, source)
    insert_frame(connection, customer_records, rows.select("id", "origin", "name", "phone", "email"))


if __name__ == "__main__":
    main()
