"""A run of everybody into SQLite: evaluate and publish, with the reasons and with none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import polars as pl

from fifty.features import AS_OF
from fifty.measuring import Way
from kehu.pipeline.transactions import writing
from kehu.publish.publish import publish
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import evaluate
from kehu.store.bulk import insert_frame
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import customers

_NO_REASON = "{}"


def storing_ways(book: RuleBook, features: pl.DataFrame, folder: Path) -> list[Way]:
    """Each into a database of its own that holds the customers and no run."""
    empty = folder / "empty.sqlite3"
    _with_customers(empty, features)

    def run(name: str) -> None:
        stored(book, features, folder / name)

    def run_without() -> None:
        with _without_reasons():
            run("without.sqlite3")

    return [
        Way("run without reasons", run_without, before=lambda: _copied(empty, folder / "without.sqlite3")),
        Way(
            "run with every reason", lambda: run("with.sqlite3"), before=lambda: _copied(empty, folder / "with.sqlite3")
        ),
    ]


def stored(book: RuleBook, features: pl.DataFrame, database: Path) -> None:
    """What `kehu resegment` does once the features are there."""
    engine = open_database(f"sqlite:///{database}")
    with writing(engine) as connection:
        digests = {"rule_digest": book.digest, "feature_digest": ""}
        run_id = begin_run(connection, as_of=AS_OF, now=AS_OF, engine="polars", **digests)
        evaluation = evaluate(book, features, AS_OF, standing_as_of(connection, [book], AS_OF))
        publish(connection, run_id, book, evaluation)
        finish_run(connection, run_id, Found(len(features), {}, []), now=AS_OF)
    engine.dispose()


@contextmanager
def _without_reasons() -> Iterator[None]:
    """Publishing as it would be if it wrote the same short text everywhere."""

    def memberships(_book: RuleBook, _features: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
        return pl.Series("reasons", [_NO_REASON]).new_from_index(0, len(rows))

    def warnings(_book: RuleBook, _features: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        told = memberships(_book, _features, rows)
        return pl.DataFrame({"reason": told, "reasons": told})

    where = "kehu.publish.publish"
    with patch(f"{where}.membership_reasons", memberships), patch(f"{where}.warning_reasons", warnings):
        yield


def _with_customers(database: Path, features: pl.DataFrame) -> None:
    engine = open_database(f"sqlite:///{database}")
    upgrade(engine)
    name = pl.format("customer {}", "customer")
    rows = features.select(
        id="customer", uid=pl.col("customer").cast(pl.String), kind="kind", name=name, name_search=name
    )
    with writing(engine) as connection:
        insert_frame(connection, customers, rows)
    engine.dispose()


def _copied(database: Path, copy: Path) -> None:
    for old in copy.parent.glob(f"{copy.name}*"):
        old.unlink()
    shutil.copyfile(database, copy)
