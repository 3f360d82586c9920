"""Values of served features: exact on both databases, written only where they changed, gone when unmarked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, delete, insert, inspect, select, update

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.model.graph import INSTANT
from kehu.pipeline.transactions import writing
from kehu.publish.kept_roll import state_of
from kehu.publish.kept_values import KeptValues
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.reader.features import Value, all_served, values_of
from kehu.store.event_changes import log_changes
from kehu.tables.facts import customers
from kehu.tables.features import customer_features, served_features

AS_OF = datetime(2026, 3, 1, 18, tzinfo=UTC)
DAY = timedelta(days=1)
SAID = "\n  served: true\n  unit: u\n  label: {en: e, zh: 中}\n  meaning: m\n"
TYPES = {
    "n": pl.Int64(),
    "spent": pl.Int64(),
    "rate": pl.Float64(),
    "since": pl.Int64(),
    "word": pl.String(),
    "seen": INSTANT,
    "good": pl.Boolean(),
}
DECLARED = {
    "n": "count: visits",
    "spent": "sum: shipments.revenue",
    "rate": "mean: shipments.on_time",
    "since": "days_since: shipments",
    "word": "last: shipments.service",
    "seen": "max: shipments.accepted_at",
    "good": "formula: n > 1",
}


def catalogue(*names: str, ordering: str = "") -> Catalogue:
    """Those features, all of them served, lists to be ordered by one."""
    texts = {name: SAID.replace("true", "sorted") if name == ordering else SAID for name in names}
    found, problems = read_catalogue({"f": "".join(f"{name}:\n  {DECLARED[name]}{texts[name]}" for name in names)}, 2)
    assert problems == []
    return found


def frame(rows: Mapping[int, tuple[Value, ...]], *names: str) -> pl.DataFrame:
    """A row per customer with the features of those names, amounts scaled."""
    schema = {"customer": pl.Int64(), **{name: TYPES[name] for name in names}}
    return pl.DataFrame([(key, *values) for key, values in rows.items()], schema=schema, orient="row")


@dataclass
class Runs:
    """Runs over one database, which keep their copy in a folder."""

    engine: Engine
    folder: Path | None
    said: list[str] = field(default_factory=list)

    def run(self, asked: Catalogue, features: pl.DataFrame, as_of: datetime = AS_OF) -> None:
        """Publish one; customers that are new are written first."""
        kept = KeptValues(self.folder, lambda text, _: self.said.append(text))
        with writing(self.engine) as connection:
            there = set(connection.execute(select(customers.c.id)).scalars())
            for key in set(features["customer"]) - there:
                row = {"id": key, "uid": str(key), "kind": "company", "name": str(key), "name_search": ""}
                connection.execute(insert(customers).values(**row))
            number = begin_run(connection, as_of=as_of, now=as_of, engine="polars", rule_digest="r", feature_digest="f")
            rows = kept.write(connection, number, as_of, asked, features)
            finish_run(connection, number, Found(len(features), {}, []), now=as_of)
            kept.forget()
            state = state_of(connection)
        kept.keep(state, rows)

    def values(self) -> dict[int, dict[str, Value]]:
        """What readers are told, by customer and feature."""
        with self.engine.connect() as connection:
            served = all_served(connection)
            found = values_of(connection, range(100), tuple(served.values()))
        return {key: dict(zip(served, values, strict=True)) for key, values in found.items()}

    def slots(self) -> dict[str, str]:
        """The slot of each feature."""
        with self.engine.connect() as connection:
            return {each.code: each.slot for each in all_served(connection).values()}

    def spoil(self, customer: int) -> None:
        """Write behind everybody's back, so that one sees whether a run writes the row."""
        with writing(self.engine) as connection:
            spoilt = update(customer_features).where(customer_features.c.customer_id == customer)
            connection.execute(spoilt.values(whole_5=99))


@pytest.fixture
def runs(sqlite_database: Engine, tmp_path: Path) -> Runs:
    """Runs over an empty database."""
    return Runs(sqlite_database, tmp_path / "mirror")


def test_every_type_is_told_as_it_was_counted_and_the_unknown_stays_unknown(database: Engine) -> None:
    kept = Runs(database, None)
    seen = datetime(2026, 2, 28, 9, 30, 0, 1, tzinfo=UTC)
    known: dict[str, Value] = {
        "n": 3,
        "spent": -1050,
        "rate": 1 / 3,
        "since": 12,
        "word": "快件, “a”",
        "seen": seen,
        "good": True,
    }
    unknown: dict[str, Value] = {
        "n": 0,
        "spent": 0,
        "rate": None,
        "since": None,
        "word": None,
        "seen": None,
        "good": False,
    }
    features = frame({1: tuple(known.values()), 2: tuple(unknown.values())}, *DECLARED)
    kept.run(catalogue(*DECLARED), features)
    assert kept.values() == {1: {**known, "spent": Decimal("-10.50")}, 2: {**unknown, "spent": Decimal("0.00")}}
    with database.connect() as connection:
        assert {each.as_of for each in all_served(connection).values()} == {AS_OF}


def test_a_run_writes_the_rows_that_changed_and_no_others(database: Engine, tmp_path: Path) -> None:
    kept, asked = Runs(database, tmp_path / "mirror"), catalogue("n")
    kept.run(asked, frame({1: (1,), 2: (2,), 3: (3,)}, "n"))
    kept.spoil(1)
    kept.run(asked, frame({1: (1,), 2: (5,), 3: (3,), 4: (4,)}, "n"), AS_OF + DAY)
    assert kept.values() == {1: {"n": 99}, 2: {"n": 5}, 3: {"n": 3}, 4: {"n": 4}}


def test_days_since_an_event_change_no_row_while_nothing_happens(runs: Runs) -> None:
    asked = catalogue("since", "n")
    runs.run(asked, frame({1: (40, 7), 2: (None, 7), 3: (0, 7)}, "since", "n"))
    assert runs.slots() == {"n": "whole_5", "since": "whole_6"}
    runs.spoil(1)
    runs.run(asked, frame({1: (41, 7), 2: (None, 7), 3: (0, 7)}, "since", "n"), AS_OF + DAY)
    assert runs.values() == {1: {"n": 99, "since": 41}, 2: {"n": 7, "since": None}, 3: {"n": 7, "since": 0}}


def test_most_rows_changed_are_all_written_anew(runs: Runs) -> None:
    asked = catalogue("n")
    runs.run(asked, frame({1: (1,), 2: (2,), 3: (3,)}, "n"))
    runs.spoil(1)
    runs.run(asked, frame({1: (1,), 2: (5,), 4: (4,)}, "n"), AS_OF + DAY)
    assert runs.values() == {1: {"n": 1}, 2: {"n": 5}, 4: {"n": 4}}


def test_whoever_is_not_counted_any_more_has_no_values(runs: Runs) -> None:
    asked = catalogue("n")
    runs.run(asked, frame({1: (1,), 2: (2,), 3: (3,)}, "n"))
    runs.run(asked, frame({1: (1,), 3: (3,)}, "n"), AS_OF + DAY)
    assert runs.values() == {1: {"n": 1}, 3: {"n": 3}}


def test_another_mark_moves_no_values_and_what_is_unmarked_goes(runs: Runs) -> None:
    features = frame({1: (1, 250, 0.5), 2: (2, 350, None)}, "n", "spent", "rate")
    runs.run(catalogue("n", "spent"), features)
    assert runs.slots() == {"n": "whole_5", "spent": "whole_6"}
    runs.run(catalogue("rate", "spent"), features)
    assert runs.slots() == {"rate": "real_1", "spent": "whole_6"}
    with runs.engine.connect() as connection:
        assert connection.execute(select(customer_features.c.whole_5).distinct()).scalars().all() == [None]
    runs.run(catalogue(), features.select("customer"))
    assert runs.values() == {}
    assert runs.slots() == {}


def test_a_feature_that_lists_are_to_be_ordered_by_moves_to_an_indexed_slot(runs: Runs) -> None:
    features = frame({1: (1, 250), 2: (2, 350)}, "n", "spent")
    runs.run(catalogue("n", "spent"), features)
    runs.run(catalogue("n", "spent", ordering="spent"), features)
    assert runs.slots() == {"n": "whole_5", "spent": "whole_1"}
    assert runs.values() == {1: {"n": 1, "spent": Decimal("2.50")}, 2: {"n": 2, "spent": Decimal("3.50")}}
    with runs.engine.connect() as connection:
        assert connection.execute(select(customer_features.c.whole_6).distinct()).scalars().all() == [None]
        indexes = {each["name"] for each in inspect(connection).get_indexes("customer_features")}
    assert indexes == {f"ix_customer_features_whole_{number}" for number in range(1, 5)}


def test_the_id_of_a_deleted_customer_given_away_again_is_written(runs: Runs) -> None:
    asked, features = catalogue("n"), frame({1: (1,), 2: (2,), 3: (3,)}, "n")
    runs.run(asked, features)
    with writing(runs.engine) as connection:
        connection.execute(delete(customer_features).where(customer_features.c.customer_id == 3))
        connection.execute(delete(customers).where(customers.c.id == 3))
        log_changes(connection, customers, pl.Series([3]))
    runs.run(asked, features, AS_OF + DAY)
    assert runs.values() == {1: {"n": 1}, 2: {"n": 2}, 3: {"n": 3}}
    assert runs.said == []


def test_a_damaged_copy_is_told_and_the_table_read(runs: Runs) -> None:
    asked, features = catalogue("n"), frame({1: (1,), 2: (2,), 3: (3,)}, "n")
    runs.run(asked, features)
    runs.spoil(1)
    assert runs.folder is not None
    for path in (runs.folder / "values").glob("*.arrow"):
        path.write_bytes(path.read_bytes()[:-9])
    runs.run(asked, features, AS_OF + DAY)
    assert runs.values()[1] == {"n": 1}
    assert [text.split(":")[0] for text in runs.said] == ["reading values of features from the database itself"]


def test_what_a_feature_is_called_is_that_of_the_newest_run(runs: Runs) -> None:
    runs.run(catalogue("n"), frame({1: (1,)}, "n"))
    runs.run(catalogue("n"), frame({1: (1,)}, "n"), AS_OF + DAY)
    with runs.engine.connect() as connection:
        row = connection.execute(select(served_features)).one()
        (served,) = all_served(connection).values()
    assert (row.run_id, row.kind, row.scale, row.base) == (2, "integer", 0, None)
    told = (served.as_of, served.unit, served.label.zh, served.meaning, served.place)
    assert told == (AS_OF + DAY, "u", "中", "m", "f:2:3")
