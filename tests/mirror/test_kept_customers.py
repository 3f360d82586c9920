"""Customers kept beside the mirror are those of the store, whatever happened to them since."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, delete, event, insert, select

from kehu.mirror.kept_customers import KeptCustomers
from kehu.model.graph import Entity
from kehu.pipeline.transactions import reading, writing
from kehu.store.bulk import read_frame
from kehu.store.event_changes import head_of
from kehu.store.reading import read_customers
from kehu.tables.copies import event_changes
from kehu.tables.facts import customers

LoadRows = Callable[[Engine, Mapping[Entity, Sequence[Mapping[str, object]]]], None]
CODE = "91310115MA1K3QWE2T"


@pytest.fixture
def read(sqlite_database: Engine, load_rows: LoadRows, tmp_path: Path) -> Callable[..., tuple[pl.DataFrame, bool]]:
    """Reads customers after a load, asserts they are the store's, and says whether all were read from there."""
    asked: list[str] = []
    event.listen(sqlite_database, "before_cursor_execute", lambda *told: asked.append(str(told[2])))

    def now(*attributes: str, load: Sequence[Mapping[str, object]] = ()) -> tuple[pl.DataFrame, bool]:
        load_rows(sqlite_database, {"customer": list(load)})
        with reading(sqlite_database) as connection:
            asked.clear()
            head = head_of(partial(read_frame, connection))
            kept = KeptCustomers(tmp_path, lambda what, _: pytest.fail(what))
            found = kept.read(connection, attributes, head)
            is_whole = any("AS customer" in each for each in asked)
            assert found.equals(read_customers(connection, set(attributes)))
        return found, is_whole

    return now


def person(key: str, **more: object) -> Mapping[str, object]:
    return {"key": key, "name": f"{key} Ltd", **more}


@pytest.mark.parametrize(
    ("_case", "load"),
    [
        ("nothing", []),
        ("a new one", [person("D")]),
        ("another region", [person("A", region="North")]),
        ("two turn out to be one", [person("A", tax_code=CODE), person("B", name="A Ltd", tax_code=CODE)]),
    ],
)
def test_only_those_that_changed_are_read(
    _case: str, load: list[Mapping[str, object]], read: Callable[..., tuple[pl.DataFrame, bool]]
) -> None:
    assert read("region", "kind", load=[person(key) for key in "ABC"])[1]
    assert not read("region", "kind", load=load)[1]
    assert not read("kind")[1]


def test_an_attribute_that_was_not_kept_makes_all_be_read(read: Callable[..., tuple[pl.DataFrame, bool]]) -> None:
    read("kind", load=[person("A")])
    assert read("kind", "region")[1]
    assert not read("region")[1]


@pytest.mark.parametrize("what", ["the log is of another database", "one came unlogged"])
def test_all_are_read_where_the_log_does_not_tell_what_changed(
    what: str, read: Callable[..., tuple[pl.DataFrame, bool]], sqlite_database: Engine
) -> None:
    read("kind", load=[person("A")])
    with writing(sqlite_database) as connection:
        if what == "the log is of another database":
            connection.execute(event_changes.update().values(token=1))
        else:
            row = connection.execute(select(customers)).one()
            connection.execute(insert(customers).values({**row._mapping, "id": 99, "uid": "another"}))
    assert read("kind")[1]


def test_damaged_customers_are_read_anew(
    read: Callable[..., tuple[pl.DataFrame, bool]], sqlite_database: Engine, tmp_path: Path
) -> None:
    read("kind", load=[person("A")])
    (tmp_path / "customers" / "customers.json").write_text("{")
    told: list[str] = []
    with reading(sqlite_database) as connection:
        head = head_of(partial(read_frame, connection))
        found = KeptCustomers(tmp_path, lambda what, _: told.append(what)).read(connection, ["kind"], head)
        assert found.equals(read_customers(connection, {"kind"}))
    assert told == ["reading customers from the database itself: 'customers.json' is damaged"]


def test_all_are_read_once_they_were_forgotten(read: Callable[..., tuple[pl.DataFrame, bool]], tmp_path: Path) -> None:
    read("kind", load=[person("A")])
    KeptCustomers(tmp_path, lambda what, _: pytest.fail(what)).forget()
    assert read("kind")[1]


def test_a_store_without_customers_has_none(
    read: Callable[..., tuple[pl.DataFrame, bool]], sqlite_database: Engine
) -> None:
    assert read("kind")[0].is_empty()
    with writing(sqlite_database) as connection:
        connection.execute(delete(event_changes))
    assert read("kind", load=[person("A")])[0]["kind"].len() == 1
