"""Migrations make exactly the tables, forwards and back, on both kinds of database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from kehu.model.problems import RefusedError
from kehu.store.database import current_revision, newest_revision, open_database, upgrade
from kehu.store.migrating import alembic_config, schema_differences
from kehu.tables.identity_index import identity_state
from kehu.tables.schema import metadata

TABLES = {
    "batches",
    "complaints",
    "contacts",
    "customer_aliases",
    "customer_records",
    "customers",
    "departments",
    "employees",
    "identifiers",
    "membership_notes",
    "memberships",
    "overrides",
    "publication",
    "quarantine",
    "rule_versions",
    "run_levels",
    "run_rules",
    "runs",
    "shipments",
    "source_records",
    "visits",
    "warnings",
}


def test_migrations_from_nothing_make_exactly_the_tables(database: Engine) -> None:
    with database.connect() as connection:
        assert schema_differences(connection) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
    assert set(metadata.tables) >= TABLES


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config(None)).get_current_head()


def test_the_foreign_keys_of_the_database_are_those_of_the_tables(database: Engine) -> None:
    with database.connect() as connection:
        inspector = inspect(connection)
        found = {
            (table, key["constrained_columns"][0], key["referred_table"], key["referred_columns"][0])
            for table in metadata.tables
            for key in inspector.get_foreign_keys(table)
        }
    declared = {
        (table.name, key.parent.name, key.column.table.name, key.column.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
    }
    assert found == declared
    assert ("shipments", "consignee_id", "customers", "id") in found


def test_foreign_keys_are_enforced(database: Engine) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.begin() as connection:
        connection.execute(text("INSERT INTO customer_aliases (uid, customer_id) VALUES ('a', 1)"))


def test_going_back_to_nothing_leaves_no_table(database: Engine) -> None:
    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    with database.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert current_revision(connection) is None
    upgrade(database)
    with database.connect() as connection:
        assert schema_differences(connection) == []


def test_a_second_upgrade_changes_nothing(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO departments (id, name) VALUES (1, 'finance')"))
    upgrade(database)
    with database.connect() as connection:
        assert current_revision(connection) == newest_revision()
        assert connection.execute(text("SELECT id, name FROM departments")).all() == [(1, "finance")]


def test_data_of_an_older_schema_is_kept(database: Engine) -> None:
    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
        connection.execute(
            text("INSERT INTO customers (id, uid, kind, name, name_search) VALUES (3, 'u', 'company', 'n', 'n')")
        )
        connection.execute(text("INSERT INTO customer_aliases (uid, customer_id) VALUES ('old', 3)"))
    upgrade(database)
    with database.connect() as connection:
        assert schema_differences(connection) == []
        assert connection.execute(text("SELECT * FROM customer_aliases")).all() == [("old", 3, None)]


def test_rows_refused_before_they_were_counted_are_what_the_others_leave(database: Engine) -> None:
    moment = "0" if database.dialect.name == "sqlite" else "'1970-01-01T00:00:00Z'"
    into = "INSERT INTO batches (id, source, file, started_at, finished_at, read, loaded, unchanged, quarantined)"
    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "0019")
        connection.execute(text(f"{into} VALUES (1, 's', 'f', {moment}, {moment}, 9, 4, 2, 1)"))
        connection.execute(text(f"{into} VALUES (2, 's', 'f', {moment}, NULL, 0, 0, 0, 0)"))
    upgrade(database)
    with database.connect() as connection:
        assert connection.execute(text("SELECT id, refused FROM batches ORDER BY id")).all() == [(1, 2), (2, 0)]


def test_names_that_were_loaded_before_are_spelt_by_the_next_load(database: Engine) -> None:
    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "0020")
        connection.execute(insert(identity_state).values(id=1, fingerprint="f", decided=[], records=0, customers=0))
    upgrade(database)
    with database.connect() as connection:
        assert connection.execute(select(identity_state)).all() == []


def test_readers_wait_for_no_index_that_is_made(database: Engine) -> None:
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        done.append(" ".join(statement.split()[:2]))

    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "0016")
        event.listen(connection, "before_cursor_execute", note)
        command.upgrade(alembic_config(connection), "0017")
    changed = [each for each in done if each in {"CREATE INDEX", "DROP INDEX"}]
    dated = 4 if database.dialect.name == "postgresql" else 0
    # On PostgreSQL nobody reads a table of which an index was dropped until all is done.
    assert changed == ["CREATE INDEX"] * (1 + dated) + ["DROP INDEX"] * dated


def test_memberships_of_an_older_schema_are_kept(database: Engine) -> None:
    made = "INSERT INTO memberships (id, customer_id, ruleset, level, from_run_id, digest, reasons)"
    with database.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
        connection.execute(
            text("INSERT INTO customers (id, uid, kind, name, name_search) VALUES (3, 'u', 'company', 'n', 'n')")
        )
        moment = "0" if database.dialect.name == "sqlite" else "'1970-01-01T00:00:00Z'"
        run = "INSERT INTO runs (id, as_of, state, engine, rule_digest, feature_digest, started_at)"
        connection.execute(text(f"{run} VALUES (1, {moment}, 'published', 'polars', '', '', {moment})"))
        connection.execute(text(f"{made} VALUES (7, 3, 'tier', 'vip', 1, 'd', '{{}}')"))
    upgrade(database)
    keeping = "SELECT id, level, below_since, drops_at, override_id FROM memberships"
    with database.connect() as connection:
        assert schema_differences(connection) == []
        assert connection.execute(text(keeping)).all() == [(7, "vip", None, None, None)]
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.begin() as connection:
        connection.execute(text("UPDATE memberships SET override_id = 1"))


def test_two_upgrades_at_once_take_turns(database_url: str) -> None:
    engines = [open_database(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, engines))
    with engines[0].connect() as connection:
        assert current_revision(connection) == newest_revision()
        assert schema_differences(connection) == []
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_newer_version_is_refused(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RefusedError) as caught:
        upgrade(database)
    (problem,) = caught.value.problems
    assert (problem.check, problem.message) == ("schema-revision", "the database is at revision '9999', unknown here")
    assert problem.remedy == "it was made by a newer version: install that one"
    with database.connect() as connection:
        assert current_revision(connection) == "9999"
